CREATE TABLE `organization_limits` (
	`organization_id` text PRIMARY KEY NOT NULL,
	`requests_per_minute` integer,
	`credentials_per_month` integer,
	`changed_at` integer NOT NULL
);
