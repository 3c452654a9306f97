CREATE TABLE `erasures` (
	`recipient_id` text PRIMARY KEY NOT NULL,
	`organization_id` text NOT NULL,
	`erased_at` integer NOT NULL,
	`completed_at` integer
);

CREATE INDEX `erasures_by_organization` ON `erasures` (`organization_id`,`recipient_id`);
CREATE TABLE `erasure_parts` (
	`recipient_id` text NOT NULL,
	`module` text NOT NULL,
	`organization_id` text NOT NULL,
	`removed` text NOT NULL,
	`confirmed_at` integer NOT NULL,
	PRIMARY KEY(`recipient_id`, `module`)
);

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
CREATE INDEX `data_keys_erased` ON `data_keys` (`subject`) WHERE "data_keys"."erased_at" is not null;
