CREATE TABLE `api_keys` (
	`id` text PRIMARY KEY NOT NULL,
	`organization_id` text NOT NULL,
	`request_id` text NOT NULL,
	`name` text NOT NULL,
	`scopes` text NOT NULL,
	`key_hash` text NOT NULL,
	`created_at` integer NOT NULL,
	`expires_at` integer NOT NULL,
	`revoked_at` integer,
	`last_used_on` text
);

CREATE UNIQUE INDEX `api_keys_by_hash` ON `api_keys` (`key_hash`);
CREATE UNIQUE INDEX `api_keys_by_request` ON `api_keys` (`organization_id`,`request_id`);
CREATE INDEX `api_keys_revoked` ON `api_keys` (`revoked_at`);
ALTER TABLE `signing_keys` ADD `active_from` integer;
ALTER TABLE `signing_keys` ADD `withdrawn_at` integer;
ALTER TABLE `signing_keys` ADD `replaces` text;
CREATE UNIQUE INDEX `signing_keys_by_predecessor` ON `signing_keys` (`replaces`);
