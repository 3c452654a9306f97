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

CREATE TABLE `credentials` (
	`id` text PRIMARY KEY NOT NULL,
	`organization_id` text NOT NULL,
	`recipient_id` text NOT NULL,
	`public_id` text NOT NULL,
	`document_id` text NOT NULL,
	`content` blob NOT NULL,
	`status` text NOT NULL,
	`status_changed_at` integer,
	`issued_at` integer NOT NULL,
	`erased_at` integer
);

CREATE UNIQUE INDEX `credentials_by_document` ON `credentials` (`document_id`);
CREATE INDEX `credentials_by_public_id` ON `credentials` (`public_id`,`issued_at`);
CREATE INDEX `credentials_by_recipient` ON `credentials` (`recipient_id`);
CREATE TABLE `leaves` (
	`event_id` text PRIMARY KEY NOT NULL,
	`credential_id` text NOT NULL,
	`organization_id` text NOT NULL,
	`leaf` blob NOT NULL,
	`arrival` text NOT NULL,
	`leaf_index` integer
);

CREATE UNIQUE INDEX `leaves_by_index` ON `leaves` (`leaf_index`);
CREATE UNIQUE INDEX `leaves_by_credential` ON `leaves` (`credential_id`);
CREATE INDEX `leaves_waiting` ON `leaves` (`leaf_index`,`arrival`);
CREATE INDEX `leaves_by_organization` ON `leaves` (`organization_id`,`leaf_index`);
CREATE TABLE `nodes` (
	`level` integer NOT NULL,
	`position` integer NOT NULL,
	`hash` blob NOT NULL,
	PRIMARY KEY(`level`, `position`)
);

CREATE TABLE `log_state` (
	`id` text PRIMARY KEY NOT NULL,
	`size` integer NOT NULL
);

CREATE TABLE `log_keys` (
	`id` text PRIMARY KEY NOT NULL,
	`public_key` blob NOT NULL,
	`seed` blob NOT NULL,
	`created_at` integer NOT NULL
);

CREATE TABLE `checkpoints` (
	`size` integer PRIMARY KEY NOT NULL,
	`root` blob NOT NULL,
	`note` text NOT NULL,
	`created_at` integer NOT NULL
);

CREATE TABLE `anchoring` (
	`id` text PRIMARY KEY NOT NULL,
	`tick` integer NOT NULL,
	`latest_size` integer NOT NULL,
	`active` integer NOT NULL
);

CREATE TABLE `chains` (
	`id` text PRIMARY KEY NOT NULL,
	`chain_id` integer NOT NULL,
	`address` text NOT NULL,
	`contract_address` text,
	`next_nonce` integer NOT NULL
);

CREATE TABLE `anchors` (
	`id` text PRIMARY KEY NOT NULL,
	`chain` text NOT NULL,
	`kind` text NOT NULL,
	`contract_address` text NOT NULL,
	`size` integer NOT NULL,
	`root` blob NOT NULL,
	`state` text NOT NULL,
	`progress` text NOT NULL,
	`first_leaf` integer,
	`transaction_hash` text,
	`block_number` integer,
	`created_at` integer NOT NULL,
	`final_at` integer
);

CREATE INDEX `anchors_by_state` ON `anchors` (`state`,`kind`,`size`);
CREATE INDEX `anchors_by_chain` ON `anchors` (`chain`,`id`);
