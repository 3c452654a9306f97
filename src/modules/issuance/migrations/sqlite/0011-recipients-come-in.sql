CREATE TABLE `recipient_mails` (
	`id` text PRIMARY KEY NOT NULL,
	`organization_id` text NOT NULL,
	`recipient_id` text NOT NULL,
	`kind` text NOT NULL,
	`content` blob NOT NULL,
	`token_digest` text,
	`created_at` integer NOT NULL,
	`expires_at` integer NOT NULL
);

CREATE UNIQUE INDEX `recipient_mails_by_token` ON `recipient_mails` (`token_digest`);
CREATE INDEX `recipient_mails_by_recipient` ON `recipient_mails` (`recipient_id`);
CREATE INDEX `recipient_mails_by_age` ON `recipient_mails` (`expires_at`);
CREATE TABLE `recipient_sessions` (
	`id` text PRIMARY KEY NOT NULL,
	`organization_id` text NOT NULL,
	`recipient_id` text,
	`token_digest` text NOT NULL,
	`created_at` integer NOT NULL,
	`expires_at` integer NOT NULL
);

CREATE UNIQUE INDEX `recipient_sessions_by_token` ON `recipient_sessions` (`token_digest`);
CREATE INDEX `recipient_sessions_by_recipient` ON `recipient_sessions` (`recipient_id`);
CREATE INDEX `recipient_sessions_by_age` ON `recipient_sessions` (`expires_at`);
CREATE TABLE `link_limits` (
	`organization_id` text NOT NULL,
	`kind` text NOT NULL,
	`subject` text NOT NULL,
	`count` integer NOT NULL,
	`until` integer NOT NULL,
	PRIMARY KEY(`organization_id`, `kind`, `subject`)
);

CREATE INDEX `link_limits_by_age` ON `link_limits` (`until`);
CREATE TABLE `erasure_requests` (
	`id` text PRIMARY KEY NOT NULL,
	`organization_id` text NOT NULL,
	`recipient_id` text NOT NULL,
	`state` text NOT NULL,
	`pending_for` text,
	`reason` blob,
	`created_at` integer NOT NULL,
	`decided_at` integer
);

CREATE UNIQUE INDEX `erasure_requests_pending` ON `erasure_requests` (`pending_for`);
CREATE INDEX `erasure_requests_by_organization` ON `erasure_requests` (`organization_id`,`id`);
CREATE INDEX `erasure_requests_by_state` ON `erasure_requests` (`organization_id`,`state`,`id`);
CREATE INDEX `erasure_requests_by_recipient` ON `erasure_requests` (`recipient_id`);
