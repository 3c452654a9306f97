CREATE TABLE `persons` (
	`id` text PRIMARY KEY NOT NULL,
	`email_digest` text NOT NULL,
	`sealed` blob NOT NULL,
	`email_verified` integer NOT NULL,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL
);

CREATE UNIQUE INDEX `persons_by_email` ON `persons` (`email_digest`);
CREATE TABLE `person_accounts` (
	`id` text PRIMARY KEY NOT NULL,
	`user_id` text NOT NULL,
	`provider_id` text NOT NULL,
	`account_id_digest` text NOT NULL,
	`sealed` blob NOT NULL,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL
);

CREATE UNIQUE INDEX `person_accounts_by_provider` ON `person_accounts` (`provider_id`,`account_id_digest`);
CREATE INDEX `person_accounts_by_person` ON `person_accounts` (`user_id`);
CREATE TABLE `person_sessions` (
	`id` text PRIMARY KEY NOT NULL,
	`user_id` text NOT NULL,
	`token_digest` text NOT NULL,
	`grant_id` text NOT NULL,
	`sealed` blob NOT NULL,
	`expires_at` integer NOT NULL,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL
);

CREATE UNIQUE INDEX `person_sessions_by_token` ON `person_sessions` (`token_digest`);
CREATE INDEX `person_sessions_by_person` ON `person_sessions` (`user_id`);
CREATE INDEX `person_sessions_by_expiry` ON `person_sessions` (`expires_at`);
CREATE TABLE `ended_grants` (
	`grant_id` text PRIMARY KEY NOT NULL,
	`ended_at` integer NOT NULL
);

CREATE INDEX `ended_grants_by_time` ON `ended_grants` (`ended_at`);
CREATE TABLE `person_verifications` (
	`id` text PRIMARY KEY NOT NULL,
	`identifier_digest` text NOT NULL,
	`sealed` blob NOT NULL,
	`expires_at` integer NOT NULL,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL
);

CREATE INDEX `person_verifications_by_identifier` ON `person_verifications` (`identifier_digest`);
CREATE INDEX `person_verifications_by_expiry` ON `person_verifications` (`expires_at`);
CREATE TABLE `sign_in_failures` (
	`subject` text PRIMARY KEY NOT NULL,
	`count` integer NOT NULL,
	`until` integer NOT NULL
);

CREATE INDEX `sign_in_failures_by_time` ON `sign_in_failures` (`until`);
CREATE TABLE `members` (
	`id` text PRIMARY KEY NOT NULL,
	`organization_id` text NOT NULL,
	`person_id` text NOT NULL,
	`role` text NOT NULL,
	`created_at` integer NOT NULL,
	`disabled_at` integer
);

CREATE UNIQUE INDEX `members_by_person` ON `members` (`person_id`,`organization_id`);
CREATE INDEX `members_by_organization` ON `members` (`organization_id`,`id`);
CREATE TABLE `invitations` (
	`id` text PRIMARY KEY NOT NULL,
	`organization_id` text NOT NULL,
	`email_digest` text NOT NULL,
	`email` blob NOT NULL,
	`role` text NOT NULL,
	`created_at` integer NOT NULL,
	`expires_at` integer NOT NULL,
	`accepted_at` integer,
	`revoked_at` integer
);

CREATE INDEX `invitations_by_organization` ON `invitations` (`organization_id`,`id`);
CREATE INDEX `invitations_by_address` ON `invitations` (`organization_id`,`email_digest`);
CREATE TABLE `account_mails` (
	`id` text PRIMARY KEY NOT NULL,
	`organization_id` text NOT NULL,
	`kind` text NOT NULL,
	`content` blob NOT NULL,
	`created_at` integer NOT NULL,
	`expires_at` integer NOT NULL
);

CREATE INDEX `account_mails_by_expiry` ON `account_mails` (`expires_at`);
