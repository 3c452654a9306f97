CREATE TABLE `reseal_reports` (
	`rotation` text NOT NULL,
	`module` text NOT NULL,
	`left` integer NOT NULL,
	`final_at` integer,
	`reported_at` integer NOT NULL,
	PRIMARY KEY(`rotation`, `module`)
);

ALTER TABLE `data_keys` ADD `rotation` text;
ALTER TABLE `data_keys` ADD `retired_at` integer;
CREATE INDEX `data_keys_by_kind` ON `data_keys` (`kind`,`subject`);
