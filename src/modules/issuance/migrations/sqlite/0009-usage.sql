CREATE TABLE `usage` (
	`organization_id` text NOT NULL,
	`month` text NOT NULL,
	`credentials` integer NOT NULL,
	PRIMARY KEY(`organization_id`, `month`)
);
