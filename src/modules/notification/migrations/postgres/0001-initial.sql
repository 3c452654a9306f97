CREATE TABLE "vellum_notification"."outbox" (
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

CREATE TABLE "vellum_notification"."event_sequences" (
	"family" text NOT NULL,
	"key" text NOT NULL,
	"last" bigint NOT NULL,
	CONSTRAINT "event_sequences_family_key_pk" PRIMARY KEY("family","key")
);

CREATE TABLE "vellum_notification"."inbox" (
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

CREATE TABLE "vellum_notification"."inbox_positions" (
	"subscription" text NOT NULL,
	"key" text NOT NULL,
	"position" bigint NOT NULL,
	CONSTRAINT "inbox_positions_subscription_key_pk" PRIMARY KEY("subscription","key")
);

CREATE TABLE "vellum_notification"."steps" (
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

CREATE TABLE "vellum_notification"."step_kinds" (
	"kind" text PRIMARY KEY NOT NULL,
	"paused_until" timestamp (3) with time zone,
	"backoff_ms" bigint DEFAULT 0 NOT NULL,
	"unavailable_since" timestamp (3) with time zone,
	"last_error" text,
	"window_started_at" timestamp (3) with time zone,
	"window_count" bigint DEFAULT 0 NOT NULL
);

CREATE TABLE "vellum_notification"."idempotency" (
	"organization_id" text NOT NULL,
	"key" text NOT NULL,
	"request_digest" text NOT NULL,
	"status" bigint NOT NULL,
	"headers" jsonb NOT NULL,
	"body" "bytea" NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "idempotency_organization_id_key_pk" PRIMARY KEY("organization_id","key")
);

CREATE TABLE "vellum_notification"."audit" (
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

CREATE TABLE "vellum_notification"."audit_heads" (
	"organization_id" text PRIMARY KEY NOT NULL,
	"sequence" bigint NOT NULL,
	"hash" "bytea" NOT NULL
);

CREATE TABLE "vellum_notification"."messages" (
	"id" text PRIMARY KEY NOT NULL,
	"organization_id" text NOT NULL,
	"recipient_id" text NOT NULL,
	"credential_id" text NOT NULL,
	"channel" text NOT NULL,
	"occasion" text NOT NULL,
	"message_id" text NOT NULL,
	"content" "bytea" NOT NULL,
	"state" text NOT NULL,
	"reason" text,
	"created_at" timestamp (3) with time zone NOT NULL,
	"finished_at" timestamp (3) with time zone
);

CREATE UNIQUE INDEX "outbox_by_sequence" ON "vellum_notification"."outbox" USING btree ("family","key","sequence");
CREATE INDEX "outbox_unrelayed" ON "vellum_notification"."outbox" USING btree ("id") WHERE relayed_at is null;
CREATE INDEX "inbox_due" ON "vellum_notification"."inbox" USING btree ("state","due_at");
CREATE UNIQUE INDEX "steps_by_key" ON "vellum_notification"."steps" USING btree ("kind","key");
CREATE INDEX "steps_next" ON "vellum_notification"."steps" USING btree ("kind","due_at") WHERE state = 'ready';
CREATE INDEX "steps_fair" ON "vellum_notification"."steps" USING btree ("kind","priority","organization_id","due_at") WHERE state = 'ready';
CREATE INDEX "steps_leased" ON "vellum_notification"."steps" USING btree ("kind","lease_until") WHERE state = 'leased';
CREATE INDEX "steps_dead" ON "vellum_notification"."steps" USING btree ("kind","organization_id") WHERE state = 'dead';
CREATE INDEX "idempotency_by_age" ON "vellum_notification"."idempotency" USING btree ("created_at");
CREATE INDEX "audit_by_target" ON "vellum_notification"."audit" USING btree ("organization_id","target");
CREATE UNIQUE INDEX "messages_by_occasion" ON "vellum_notification"."messages" USING btree ("credential_id","channel","occasion");
CREATE INDEX "messages_by_organization" ON "vellum_notification"."messages" USING btree ("organization_id","id");
CREATE INDEX "messages_by_recipient" ON "vellum_notification"."messages" USING btree ("recipient_id");
