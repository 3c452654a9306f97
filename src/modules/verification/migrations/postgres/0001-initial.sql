CREATE TABLE "vellum_verification"."outbox" (
	"id" text PRIMARY KEY NOT NULL,
	"organization_id" text NOT NULL,
	"name" text NOT NULL,
	"version" bigint NOT NULL,
	"family" text NOT NULL,
	"key" text NOT NULL,
	"sequence" bigint NOT NULL,
	"data" "bytea" NOT NULL,
	"traceparent" text,
	"occurred_at" timestamp (3) with time zone NOT NULL,
	"relayed_at" timestamp (3) with time zone
);

CREATE TABLE "vellum_verification"."event_sequences" (
	"family" text NOT NULL,
	"key" text NOT NULL,
	"last" bigint NOT NULL,
	CONSTRAINT "event_sequences_family_key_pk" PRIMARY KEY("family","key")
);

CREATE TABLE "vellum_verification"."inbox" (
	"subscription" text NOT NULL,
	"key" text NOT NULL,
	"sequence" bigint NOT NULL,
	"event_id" text NOT NULL,
	"organization_id" text NOT NULL,
	"name" text NOT NULL,
	"state" text NOT NULL,
	"event" jsonb NOT NULL,
	"attempts" bigint DEFAULT 0 NOT NULL,
	"due_at" timestamp (3) with time zone NOT NULL,
	"unavailable_since" timestamp (3) with time zone,
	"last_error" text,
	"received_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "inbox_subscription_key_sequence_pk" PRIMARY KEY("subscription","key","sequence")
);

CREATE TABLE "vellum_verification"."inbox_positions" (
	"subscription" text NOT NULL,
	"key" text NOT NULL,
	"position" bigint NOT NULL,
	CONSTRAINT "inbox_positions_subscription_key_pk" PRIMARY KEY("subscription","key")
);

CREATE TABLE "vellum_verification"."steps" (
	"id" text PRIMARY KEY NOT NULL,
	"kind" text NOT NULL,
	"key" text NOT NULL,
	"organization_id" text NOT NULL,
	"input" jsonb NOT NULL,
	"state" text DEFAULT 'ready' NOT NULL,
	"priority" bigint DEFAULT 0 NOT NULL,
	"attempts" bigint DEFAULT 0 NOT NULL,
	"starts" bigint DEFAULT 0 NOT NULL,
	"due_at" timestamp (3) with time zone NOT NULL,
	"lease_token" text,
	"lease_until" timestamp (3) with time zone,
	"started_at" timestamp (3) with time zone,
	"unavailable_since" timestamp (3) with time zone,
	"last_error" text,
	"traceparent" text,
	"created_at" timestamp (3) with time zone NOT NULL,
	"done_at" timestamp (3) with time zone
);

CREATE TABLE "vellum_verification"."step_kinds" (
	"kind" text PRIMARY KEY NOT NULL,
	"paused_until" timestamp (3) with time zone,
	"backoff_ms" bigint DEFAULT 0 NOT NULL,
	"unavailable_since" timestamp (3) with time zone,
	"last_error" text,
	"window_started_at" timestamp (3) with time zone,
	"window_count" bigint DEFAULT 0 NOT NULL
);

CREATE TABLE "vellum_verification"."idempotency" (
	"organization_id" text NOT NULL,
	"key" text NOT NULL,
	"request_digest" text NOT NULL,
	"status" bigint NOT NULL,
	"headers" jsonb NOT NULL,
	"body" "bytea" NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "idempotency_organization_id_key_pk" PRIMARY KEY("organization_id","key")
);

CREATE TABLE "vellum_verification"."audit" (
	"organization_id" text NOT NULL,
	"sequence" bigint NOT NULL,
	"action" text NOT NULL,
	"target" text NOT NULL,
	"actor" text NOT NULL,
	"details" jsonb NOT NULL,
	"traceparent" text,
	"occurred_at" timestamp (3) with time zone NOT NULL,
	"previous_hash" "bytea" NOT NULL,
	"hash" "bytea" NOT NULL,
	CONSTRAINT "audit_organization_id_sequence_pk" PRIMARY KEY("organization_id","sequence")
);

CREATE TABLE "vellum_verification"."audit_heads" (
	"organization_id" text PRIMARY KEY NOT NULL,
	"sequence" bigint NOT NULL,
	"hash" "bytea" NOT NULL
);

CREATE TABLE "vellum_verification"."credentials" (
	"id" text PRIMARY KEY NOT NULL,
	"organization_id" text NOT NULL,
	"recipient_id" text NOT NULL,
	"public_id" text NOT NULL,
	"document_id" text NOT NULL,
	"content" "bytea" NOT NULL,
	"status" text NOT NULL,
	"status_changed_at" timestamp (3) with time zone,
	"issued_at" timestamp (3) with time zone NOT NULL,
	"erased_at" timestamp (3) with time zone
);

CREATE TABLE "vellum_verification"."leaves" (
	"event_id" text PRIMARY KEY NOT NULL,
	"credential_id" text NOT NULL,
	"organization_id" text NOT NULL,
	"leaf" "bytea" NOT NULL,
	"arrival" text NOT NULL,
	"leaf_index" bigint
);

CREATE TABLE "vellum_verification"."nodes" (
	"level" bigint NOT NULL,
	"position" bigint NOT NULL,
	"hash" "bytea" NOT NULL,
	CONSTRAINT "nodes_level_position_pk" PRIMARY KEY("level","position")
);

CREATE TABLE "vellum_verification"."log_state" (
	"id" text PRIMARY KEY NOT NULL,
	"size" bigint NOT NULL
);

CREATE TABLE "vellum_verification"."log_keys" (
	"id" text PRIMARY KEY NOT NULL,
	"public_key" "bytea" NOT NULL,
	"seed" "bytea" NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL
);

CREATE TABLE "vellum_verification"."checkpoints" (
	"size" bigint PRIMARY KEY NOT NULL,
	"root" "bytea" NOT NULL,
	"note" text NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL
);

CREATE TABLE "vellum_verification"."anchoring" (
	"id" text PRIMARY KEY NOT NULL,
	"tick" bigint NOT NULL,
	"latest_size" bigint NOT NULL,
	"active" boolean NOT NULL
);

CREATE TABLE "vellum_verification"."chains" (
	"id" text PRIMARY KEY NOT NULL,
	"chain_id" bigint NOT NULL,
	"address" text NOT NULL,
	"contract_address" text,
	"next_nonce" bigint NOT NULL
);

CREATE TABLE "vellum_verification"."anchors" (
	"id" text PRIMARY KEY NOT NULL,
	"chain" text NOT NULL,
	"kind" text NOT NULL,
	"contract_address" text NOT NULL,
	"size" bigint NOT NULL,
	"root" "bytea" NOT NULL,
	"state" text NOT NULL,
	"progress" jsonb NOT NULL,
	"first_leaf" bigint,
	"transaction_hash" text,
	"block_number" bigint,
	"created_at" timestamp (3) with time zone NOT NULL,
	"final_at" timestamp (3) with time zone
);

CREATE UNIQUE INDEX "outbox_by_sequence" ON "vellum_verification"."outbox" USING btree ("family","key","sequence");
CREATE INDEX "outbox_unrelayed" ON "vellum_verification"."outbox" USING btree ("id") WHERE relayed_at is null;
CREATE INDEX "inbox_due" ON "vellum_verification"."inbox" USING btree ("state","due_at");
CREATE UNIQUE INDEX "steps_by_key" ON "vellum_verification"."steps" USING btree ("kind","key");
CREATE INDEX "steps_next" ON "vellum_verification"."steps" USING btree ("kind","due_at") WHERE state = 'ready';
CREATE INDEX "steps_fair" ON "vellum_verification"."steps" USING btree ("kind","priority","organization_id","due_at") WHERE state = 'ready';
CREATE INDEX "steps_leased" ON "vellum_verification"."steps" USING btree ("kind","lease_until") WHERE state = 'leased';
CREATE INDEX "steps_dead" ON "vellum_verification"."steps" USING btree ("kind","organization_id") WHERE state = 'dead';
CREATE INDEX "idempotency_by_age" ON "vellum_verification"."idempotency" USING btree ("created_at");
CREATE INDEX "audit_by_target" ON "vellum_verification"."audit" USING btree ("organization_id","target");
CREATE UNIQUE INDEX "credentials_by_document" ON "vellum_verification"."credentials" USING btree ("document_id");
CREATE INDEX "credentials_by_public_id" ON "vellum_verification"."credentials" USING btree ("public_id","issued_at");
CREATE INDEX "credentials_by_recipient" ON "vellum_verification"."credentials" USING btree ("recipient_id");
CREATE UNIQUE INDEX "leaves_by_index" ON "vellum_verification"."leaves" USING btree ("leaf_index");
CREATE UNIQUE INDEX "leaves_by_credential" ON "vellum_verification"."leaves" USING btree ("credential_id");
CREATE INDEX "leaves_waiting" ON "vellum_verification"."leaves" USING btree ("leaf_index","arrival");
CREATE INDEX "leaves_by_organization" ON "vellum_verification"."leaves" USING btree ("organization_id","leaf_index");
CREATE INDEX "anchors_by_state" ON "vellum_verification"."anchors" USING btree ("state","kind","size");
CREATE INDEX "anchors_by_chain" ON "vellum_verification"."anchors" USING btree ("chain","id");
