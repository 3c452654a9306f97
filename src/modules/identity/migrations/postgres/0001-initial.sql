CREATE TABLE "vellum_identity"."outbox" (
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

CREATE TABLE "vellum_identity"."event_sequences" (
	"family" text NOT NULL,
	"key" text NOT NULL,
	"last" bigint NOT NULL,
	CONSTRAINT "event_sequences_family_key_pk" PRIMARY KEY("family","key")
);

CREATE TABLE "vellum_identity"."inbox" (
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

CREATE TABLE "vellum_identity"."inbox_positions" (
	"subscription" text NOT NULL,
	"key" text NOT NULL,
	"position" bigint NOT NULL,
	CONSTRAINT "inbox_positions_subscription_key_pk" PRIMARY KEY("subscription","key")
);

CREATE TABLE "vellum_identity"."steps" (
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

CREATE TABLE "vellum_identity"."step_kinds" (
	"kind" text PRIMARY KEY NOT NULL,
	"paused_until" timestamp (3) with time zone,
	"backoff_ms" bigint DEFAULT 0 NOT NULL,
	"unavailable_since" timestamp (3) with time zone,
	"last_error" text,
	"window_started_at" timestamp (3) with time zone,
	"window_count" bigint DEFAULT 0 NOT NULL
);

CREATE TABLE "vellum_identity"."idempotency" (
	"organization_id" text NOT NULL,
	"key" text NOT NULL,
	"request_digest" text NOT NULL,
	"status" bigint NOT NULL,
	"headers" jsonb NOT NULL,
	"body" "bytea" NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "idempotency_organization_id_key_pk" PRIMARY KEY("organization_id","key")
);

CREATE TABLE "vellum_identity"."audit" (
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

CREATE TABLE "vellum_identity"."audit_heads" (
	"organization_id" text PRIMARY KEY NOT NULL,
	"sequence" bigint NOT NULL,
	"hash" "bytea" NOT NULL
);

CREATE TABLE "vellum_identity"."organizations" (
	"id" text PRIMARY KEY NOT NULL,
	"slug" text NOT NULL,
	"name" text NOT NULL,
	"url" text,
	"contact_email" "bytea",
	"default_locale" text NOT NULL,
	"frozen_at" timestamp (3) with time zone,
	"created_at" timestamp (3) with time zone NOT NULL
);

CREATE TABLE "vellum_identity"."data_keys" (
	"subject" text NOT NULL,
	"version" bigint NOT NULL,
	"organization_id" text NOT NULL,
	"kind" text NOT NULL,
	"wrapped_key" "bytea",
	"reservation_id" text,
	"created_at" timestamp (3) with time zone NOT NULL,
	"erased_at" timestamp (3) with time zone,
	CONSTRAINT "data_keys_subject_version_pk" PRIMARY KEY("subject","version")
);

CREATE TABLE "vellum_identity"."reservations" (
	"organization_id" text NOT NULL,
	"reservation_id" text NOT NULL,
	"count" bigint NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "reservations_organization_id_reservation_id_pk" PRIMARY KEY("organization_id","reservation_id")
);

CREATE TABLE "vellum_identity"."clients" (
	"id" text PRIMARY KEY NOT NULL,
	"organization_id" text NOT NULL,
	"request_id" text NOT NULL,
	"name" text NOT NULL,
	"scopes" jsonb NOT NULL,
	"secret_hash" "bytea",
	"public_keys" jsonb,
	"created_at" timestamp (3) with time zone NOT NULL,
	"expires_at" timestamp (3) with time zone,
	"disabled_at" timestamp (3) with time zone
);

CREATE TABLE "vellum_identity"."used_assertions" (
	"client_id" text NOT NULL,
	"assertion_id" text NOT NULL,
	"expires_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "used_assertions_client_id_assertion_id_pk" PRIMARY KEY("client_id","assertion_id")
);

CREATE TABLE "vellum_identity"."signing_keys" (
	"kid" text PRIMARY KEY NOT NULL,
	"public_key" jsonb NOT NULL,
	"private_key" "bytea" NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"retired_at" timestamp (3) with time zone
);

CREATE TABLE "vellum_identity"."revoked_tokens" (
	"token_id" text PRIMARY KEY NOT NULL,
	"client_id" text NOT NULL,
	"expires_at" timestamp (3) with time zone NOT NULL
);

CREATE TABLE "vellum_identity"."setup_links" (
	"token_hash" text PRIMARY KEY NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"expires_at" timestamp (3) with time zone NOT NULL,
	"used_at" timestamp (3) with time zone
);

CREATE UNIQUE INDEX "outbox_by_sequence" ON "vellum_identity"."outbox" USING btree ("family","key","sequence");
CREATE INDEX "outbox_unrelayed" ON "vellum_identity"."outbox" USING btree ("id") WHERE relayed_at is null;
CREATE INDEX "inbox_due" ON "vellum_identity"."inbox" USING btree ("state","due_at");
CREATE UNIQUE INDEX "steps_by_key" ON "vellum_identity"."steps" USING btree ("kind","key");
CREATE INDEX "steps_next" ON "vellum_identity"."steps" USING btree ("kind","due_at") WHERE state = 'ready';
CREATE INDEX "steps_fair" ON "vellum_identity"."steps" USING btree ("kind","priority","organization_id","due_at") WHERE state = 'ready';
CREATE INDEX "steps_leased" ON "vellum_identity"."steps" USING btree ("kind","lease_until") WHERE state = 'leased';
CREATE INDEX "steps_dead" ON "vellum_identity"."steps" USING btree ("kind","organization_id") WHERE state = 'dead';
CREATE INDEX "idempotency_by_age" ON "vellum_identity"."idempotency" USING btree ("created_at");
CREATE INDEX "audit_by_target" ON "vellum_identity"."audit" USING btree ("organization_id","target");
CREATE UNIQUE INDEX "organizations_by_slug" ON "vellum_identity"."organizations" USING btree ("slug");
CREATE INDEX "data_keys_by_reservation" ON "vellum_identity"."data_keys" USING btree ("organization_id","reservation_id");
CREATE UNIQUE INDEX "clients_by_request" ON "vellum_identity"."clients" USING btree ("organization_id","request_id");
CREATE INDEX "clients_disabled" ON "vellum_identity"."clients" USING btree ("disabled_at");
CREATE INDEX "used_assertions_by_expiry" ON "vellum_identity"."used_assertions" USING btree ("expires_at");
CREATE INDEX "revoked_tokens_by_expiry" ON "vellum_identity"."revoked_tokens" USING btree ("expires_at");
