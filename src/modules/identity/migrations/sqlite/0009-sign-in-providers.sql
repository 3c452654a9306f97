CREATE TABLE `sign_in_providers` (
	`id` text PRIMARY KEY NOT NULL,
	`organization_id` text NOT NULL,
	`issuer` text NOT NULL,
	`client_id` text NOT NULL,
	`client_secret` blob NOT NULL,
	`join_role` text,
	`required` integer NOT NULL,
	`permits` text NOT NULL,
	`created_at` integer NOT NULL,
	`changed_at` integer NOT NULL
);

CREATE UNIQUE INDEX `sign_in_providers_by_organization` ON `sign_in_providers` (`organization_id`);
CREATE TABLE `sign_in_domains` (
	`organization_id` text NOT NULL,
	`domain` text NOT NULL,
	PRIMARY KEY(`organization_id`, `domain`)
);

CREATE INDEX `sign_in_domains_by_domain` ON `sign_in_domains` (`domain`);
CREATE TABLE `sign_in_links` (
	`id` text PRIMARY KEY NOT NULL,
	`organization_id` text NOT NULL,
	`provider_id` text NOT NULL,
	`subject_digest` text NOT NULL,
	`member_id` text NOT NULL,
	`created_at` integer NOT NULL
);

CREATE UNIQUE INDEX `sign_in_links_by_subject` ON `sign_in_links` (`provider_id`,`subject_digest`);
CREATE UNIQUE INDEX `sign_in_links_by_member` ON `sign_in_links` (`provider_id`,`member_id`);
CREATE TABLE `sign_in_flows` (
	`id` text PRIMARY KEY NOT NULL,
	`provider_id` text NOT NULL,
	`browser_hash` text NOT NULL,
	`sealed` blob NOT NULL,
	`expires_at` integer NOT NULL
);

CREATE INDEX `sign_in_flows_by_expiry` ON `sign_in_flows` (`expires_at`);
ALTER TABLE `person_sessions` ADD `provider_id` text;
CREATE INDEX `person_sessions_by_provider` ON `person_sessions` (`provider_id`);
