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

CREATE TABLE `organizations` (
	`id` text PRIMARY KEY NOT NULL,
	`slug` text NOT NULL,
	`name` text NOT NULL,
	`url` text,
	`contact_email` blob,
	`default_locale` text NOT NULL,
	`frozen_at` integer,
	`created_at` integer NOT NULL
);

CREATE UNIQUE INDEX `organizations_by_slug` ON `organizations` (`slug`);
CREATE TABLE `data_keys` (
	`subject` text NOT NULL,
	`version` integer NOT NULL,
	`organization_id` text NOT NULL,
	`kind` text NOT NULL,
	`wrapped_key` blob,
	`reservation_id` text,
	`created_at` integer NOT NULL,
	`erased_at` integer,
	PRIMARY KEY(`subject`, `version`)
);

CREATE INDEX `data_keys_by_reservation` ON `data_keys` (`organization_id`,`reservation_id`);
CREATE TABLE `reservations` (
	`organization_id` text NOT NULL,
	`reservation_id` text NOT NULL,
	`count` integer NOT NULL,
	`created_at` integer NOT NULL,
	PRIMARY KEY(`organization_id`, `reservation_id`)
);

CREATE TABLE `clients` (
	`id` text PRIMARY KEY NOT NULL,
	`organization_id` text NOT NULL,
	`request_id` text NOT NULL,
	`name` text NOT NULL,
	`scopes` text NOT NULL,
	`secret_hash` blob,
	`public_keys` text,
	`created_at` integer NOT NULL,
	`expires_at` integer,
	`disabled_at` integer
);

CREATE UNIQUE INDEX `clients_by_request` ON `clients` (`organization_id`,`request_id`);
CREATE INDEX `clients_disabled` ON `clients` (`disabled_at`);
CREATE TABLE `used_assertions` (
	`client_id` text NOT NULL,
	`assertion_id` text NOT NULL,
	`expires_at` integer NOT NULL,
	PRIMARY KEY(`client_id`, `assertion_id`)
);

CREATE INDEX `used_assertions_by_expiry` ON `used_assertions` (`expires_at`);
CREATE TABLE `signing_keys` (
	`kid` text PRIMARY KEY NOT NULL,
	`public_key` text NOT NULL,
	`private_key` blob NOT NULL,
	`created_at` integer NOT NULL,
	`retired_at` integer
);

CREATE TABLE `revoked_tokens` (
	`token_id` text PRIMARY KEY NOT NULL,
	`client_id` text NOT NULL,
	`expires_at` integer NOT NULL
);

CREATE INDEX `revoked_tokens_by_expiry` ON `revoked_tokens` (`expires_at`);
CREATE TABLE `setup_links` (
	`token_hash` text PRIMARY KEY NOT NULL,
	`created_at` integer NOT NULL,
	`expires_at` integer NOT NULL,
	`used_at` integer
);
