CREATE TABLE `relay_numbers` (
	`family` text PRIMARY KEY NOT NULL,
	`last` integer NOT NULL
);

CREATE TABLE `inbox_checks` (
	`subscription` text PRIMARY KEY NOT NULL,
	`checked` integer NOT NULL
);

ALTER TABLE `outbox` ADD `relay_number` integer;
CREATE UNIQUE INDEX `outbox_by_relay_number` ON `outbox` (`family`,`relay_number`) WHERE relay_number is not null;
