CREATE TABLE `achievements` (
	`organization_id` text NOT NULL,
	`id` text NOT NULL,
	`name` text NOT NULL,
	PRIMARY KEY(`organization_id`, `id`)
);

ALTER TABLE `credentials` ADD `achievement_id` text;
CREATE INDEX `credentials_by_achievement` ON `credentials` (`organization_id`,`achievement_id`,`status`);
