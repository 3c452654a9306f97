CREATE TABLE `person_two_factors` (
	`id` text PRIMARY KEY NOT NULL,
	`user_id` text NOT NULL,
	`sealed` blob NOT NULL,
	`verified` integer NOT NULL,
	`failed_verification_count` integer NOT NULL,
	`locked_until` integer
);

CREATE INDEX `person_two_factors_by_person` ON `person_two_factors` (`user_id`);
ALTER TABLE `persons` ADD `two_factor_enabled` integer;
