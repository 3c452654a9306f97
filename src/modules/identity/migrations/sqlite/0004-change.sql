ALTER TABLE `signing_keys` ADD `active_from` integer;
ALTER TABLE `signing_keys` ADD `withdrawn_at` integer;
ALTER TABLE `signing_keys` ADD `replaces` text;
CREATE UNIQUE INDEX `signing_keys_by_predecessor` ON `signing_keys` (`replaces`);
