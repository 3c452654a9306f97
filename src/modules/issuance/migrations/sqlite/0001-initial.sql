CREATE TABLE `outbox` (
	`id` text PRIMARY KEY NOT NULL,
	`organization_id` text NOT NULL,
	`name` text NOT NULL,
	`version` integer NOT NULL,
	`family` text NOT NULL,
	`key` text NOT NULL,
	`sequence` integer NOT NULL,
	`data` blob NOT NULL,
	`traceparent` text,
	`occurred_at` integer NOT NULL,
	`relayed_at` integer
);

CREATE UNIQUE INDEX `outbox_by_sequence` ON `outbox` (`family`,`key`,`sequence`);
CREATE INDEX `outbox_unrelayed` ON `outbox` (`id`) WHERE relayed_at is null;
CREATE TABLE `event_sequences` (
	`family` text NOT NULL,
	`key` text NOT NULL,
	`last` integer NOT NULL,
	PRIMARY KEY(`family`, `key`)
);

CREATE TABLE `inbox` (
	`subscription` text NOT NULL,
	`key` text NOT NULL,
	`sequence` integer NOT NULL,
	`event_id` text NOT NULL,
	`organization_id` text NOT NULL,
	`name` text NOT NULL,
	`state` text NOT NULL,
	`event` text NOT NULL,
	`attempts` integer DEFAULT 0 NOT NULL,
	`due_at` integer NOT NULL,
	`unavailable_since` integer,
	`last_error` text,
	`received_at` integer NOT NULL,
	PRIMARY KEY(`subscription`, `key`, `sequence`)
);

CREATE INDEX `inbox_due` ON `inbox` (`state`,`due_at`);
CREATE TABLE `inbox_positions` (
	`subscription` text NOT NULL,
	`key` text NOT NULL,
	`position` integer NOT NULL,
	PRIMARY KEY(`subscription`, `key`)
);

CREATE TABLE `steps` (
	`id` text PRIMARY KEY NOT NULL,
	`kind` text NOT NULL,
	`key` text NOT NULL,
	`organization_id` text NOT NULL,
	`input` text NOT NULL,
	`state` text DEFAULT 'ready' NOT NULL,
	`priority` integer DEFAULT 0 NOT NULL,
	`attempts` integer DEFAULT 0 NOT NULL,
	`starts` integer DEFAULT 0 NOT NULL,
	`due_at` integer NOT NULL,
	`lease_token` text,
	`lease_until` integer,
	`started_at` integer,
	`unavailable_since` integer,
	`last_error` text,
	`traceparent` text,
	`created_at` integer NOT NULL,
	`done_at` integer
);

CREATE UNIQUE INDEX `steps_by_key` ON `steps` (`kind`,`key`);
CREATE INDEX `steps_next` ON `steps` (`kind`,`due_at`) WHERE state = 'ready';
CREATE INDEX `steps_fair` ON `steps` (`kind`,`priority`,`organization_id`,`due_at`) WHERE state = 'ready';
CREATE INDEX `steps_leased` ON `steps` (`kind`,`lease_until`) WHERE state = 'leased';
CREATE INDEX `steps_dead` ON `steps` (`kind`,`organization_id`) WHERE state = 'dead';
CREATE TABLE `step_kinds` (
	`kind` text PRIMARY KEY NOT NULL,
	`paused_until` integer,
	`backoff_ms` integer DEFAULT 0 NOT NULL,
	`unavailable_since` integer,
	`last_error` text,
	`window_started_at` integer,
	`window_count` integer DEFAULT 0 NOT NULL
);

CREATE TABLE `idempotency` (
	`organization_id` text NOT NULL,
	`key` text NOT NULL,
	`request_digest` text NOT NULL,
	`status` integer NOT NULL,
	`headers` text NOT NULL,
	`body` blob NOT NULL,
	`created_at` integer NOT NULL,
	PRIMARY KEY(`organization_id`, `key`)
);

CREATE INDEX `idempotency_by_age` ON `idempotency` (`created_at`);
CREATE TABLE `audit` (
	`organization_id` text NOT NULL,
	`sequence` integer NOT NULL,
	`action` text NOT NULL,
	`target` text NOT NULL,
	`actor` text NOT NULL,
	`details` text NOT NULL,
	`traceparent` text,
	`occurred_at` integer NOT NULL,
	`previous_hash` blob NOT NULL,
	`hash` blob NOT NULL,
	PRIMARY KEY(`organization_id`, `sequence`)
);

CREATE INDEX `audit_by_target` ON `audit` (`organization_id`,`target`);
CREATE TABLE `audit_heads` (
	`organization_id` text PRIMARY KEY NOT NULL,
	`sequence` integer NOT NULL,
	`hash` blob NOT NULL
);

CREATE TABLE `templates` (
	`id` text PRIMARY KEY NOT NULL,
	`organization_id` text NOT NULL,
	`slug` text NOT NULL,
	`latest_version` integer NOT NULL,
	`created_at` integer NOT NULL,
	`archived_at` integer
);

CREATE UNIQUE INDEX `templates_by_slug` ON `templates` (`organization_id`,`slug`);
CREATE TABLE `template_versions` (
	`template_id` text NOT NULL,
	`version` integer NOT NULL,
	`organization_id` text NOT NULL,
	`content` text NOT NULL,
	`created_at` integer NOT NULL,
	PRIMARY KEY(`template_id`, `version`)
);

CREATE TABLE `achievements` (
	`id` text PRIMARY KEY NOT NULL,
	`organization_id` text NOT NULL,
	`name` text NOT NULL,
	`description` text NOT NULL,
	`criteria` text NOT NULL,
	`achievement_type` text NOT NULL,
	`digest` text NOT NULL,
	`created_at` integer NOT NULL
);

CREATE UNIQUE INDEX `achievements_by_digest` ON `achievements` (`organization_id`,`digest`);
CREATE TABLE `recipients` (
	`id` text PRIMARY KEY NOT NULL,
	`organization_id` text NOT NULL,
	`email_digest` text,
	`created_at` integer NOT NULL,
	`erased_at` integer
);

CREATE UNIQUE INDEX `recipients_by_email` ON `recipients` (`organization_id`,`email_digest`);
CREATE TABLE `credentials` (
	`id` text PRIMARY KEY NOT NULL,
	`organization_id` text NOT NULL,
	`recipient_id` text NOT NULL,
	`template_id` text NOT NULL,
	`template_version` integer NOT NULL,
	`achievement_id` text NOT NULL,
	`batch_id` text,
	`business_key` text NOT NULL,
	`public_id` text NOT NULL,
	`document_id` text NOT NULL,
	`state` text NOT NULL,
	`personal` blob NOT NULL,
	`locale` text NOT NULL,
	`completed_on` text,
	`notify` integer NOT NULL,
	`status_list_id` text NOT NULL,
	`suspension_list_id` text,
	`status_index` integer NOT NULL,
	`document` blob,
	`signed_at` integer,
	`issued_at` integer,
	`changed_at` integer,
	`abandoned_at` integer,
	`created_at` integer NOT NULL
);

CREATE UNIQUE INDEX `credentials_by_business_key` ON `credentials` (`organization_id`,`business_key`);
CREATE UNIQUE INDEX `credentials_by_status_index` ON `credentials` (`status_list_id`,`status_index`);
CREATE INDEX `credentials_by_batch` ON `credentials` (`batch_id`,`state`);
CREATE INDEX `credentials_by_recipient` ON `credentials` (`recipient_id`);
CREATE TABLE `search_terms` (
	`organization_id` text NOT NULL,
	`term` text NOT NULL,
	`recipient_id` text NOT NULL,
	PRIMARY KEY(`organization_id`, `term`, `recipient_id`)
);

CREATE INDEX `search_terms_by_recipient` ON `search_terms` (`recipient_id`);
CREATE TABLE `status_lists` (
	`id` text PRIMARY KEY NOT NULL,
	`organization_id` text NOT NULL,
	`purpose` text NOT NULL,
	`pair_id` text NOT NULL,
	`bits` blob NOT NULL,
	`version` integer NOT NULL,
	`document` text NOT NULL,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL
);

CREATE INDEX `status_lists_by_organization` ON `status_lists` (`organization_id`,`purpose`,`created_at`);
CREATE TABLE `signing_keys` (
	`id` text PRIMARY KEY NOT NULL,
	`organization_id` text NOT NULL,
	`did` text NOT NULL,
	`public_url` text NOT NULL,
	`verification_method` text NOT NULL,
	`public_key` text NOT NULL,
	`private_key` blob NOT NULL,
	`active_for` text,
	`created_at` integer NOT NULL,
	`retired_at` integer
);

CREATE UNIQUE INDEX `signing_keys_active` ON `signing_keys` (`active_for`);
CREATE INDEX `signing_keys_by_organization` ON `signing_keys` (`organization_id`);
CREATE TABLE `batches` (
	`id` text PRIMARY KEY NOT NULL,
	`organization_id` text NOT NULL,
	`state` text NOT NULL,
	`pieces` integer NOT NULL,
	`bytes` integer NOT NULL,
	`template_id` text NOT NULL,
	`template_version` integer NOT NULL,
	`achievement` text,
	`notify` integer NOT NULL,
	`chosen_columns` text NOT NULL,
	`rows` integer NOT NULL,
	`created` integer NOT NULL,
	`existing` integer NOT NULL,
	`refused` integer NOT NULL,
	`failure` text,
	`created_at` integer NOT NULL,
	`imported_at` integer,
	`finished_at` integer
);

CREATE INDEX `batches_by_organization` ON `batches` (`organization_id`,`id`);
CREATE TABLE `open_uploads` (
	`id` text PRIMARY KEY NOT NULL,
	`organization_id` text NOT NULL,
	`started_at` integer NOT NULL
);

CREATE INDEX `open_uploads_by_age` ON `open_uploads` (`started_at`);
CREATE TABLE `batch_records` (
	`batch_id` text NOT NULL,
	`record` integer NOT NULL,
	`organization_id` text NOT NULL,
	`outcome` text NOT NULL,
	`business_key` text,
	`credential_id` text,
	`fault` text,
	PRIMARY KEY(`batch_id`, `record`)
);

CREATE UNIQUE INDEX `batch_records_by_business_key` ON `batch_records` (`batch_id`,`business_key`);
CREATE INDEX `batch_records_by_outcome` ON `batch_records` (`batch_id`,`outcome`,`record`);
