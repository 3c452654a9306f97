CREATE TABLE "vellum_issuance"."outbox" (
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

CREATE TABLE "vellum_issuance"."event_sequences" (
	"family" text NOT NULL,
	"key" text NOT NULL,
	"last" bigint NOT NULL,
	CONSTRAINT "event_sequences_family_key_pk" PRIMARY KEY("family","key")
);

CREATE TABLE "vellum_issuance"."inbox" (
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

CREATE TABLE "vellum_issuance"."inbox_positions" (
	"subscription" text NOT NULL,
	"key" text NOT NULL,
	"position" bigint NOT NULL,
	CONSTRAINT "inbox_positions_subscription_key_pk" PRIMARY KEY("subscription","key")
);

CREATE TABLE "vellum_issuance"."steps" (
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

CREATE TABLE "vellum_issuance"."step_kinds" (
	"kind" text PRIMARY KEY NOT NULL,
	"paused_until" timestamp (3) with time zone,
	"backoff_ms" bigint DEFAULT 0 NOT NULL,
	"unavailable_since" timestamp (3) with time zone,
	"last_error" text,
	"window_started_at" timestamp (3) with time zone,
	"window_count" bigint DEFAULT 0 NOT NULL
);

CREATE TABLE "vellum_issuance"."idempotency" (
	"organization_id" text NOT NULL,
	"key" text NOT NULL,
	"request_digest" text NOT NULL,
	"status" bigint NOT NULL,
	"headers" jsonb NOT NULL,
	"body" "bytea" NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "idempotency_organization_id_key_pk" PRIMARY KEY("organization_id","key")
);

CREATE TABLE "vellum_issuance"."audit" (
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

CREATE TABLE "vellum_issuance"."audit_heads" (
	"organization_id" text PRIMARY KEY NOT NULL,
	"sequence" bigint NOT NULL,
	"hash" "bytea" NOT NULL
);

CREATE TABLE "vellum_issuance"."templates" (
	"id" text PRIMARY KEY NOT NULL,
	"organization_id" text NOT NULL,
	"slug" text NOT NULL,
	"latest_version" bigint NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"archived_at" timestamp (3) with time zone
);

CREATE TABLE "vellum_issuance"."template_versions" (
	"template_id" text NOT NULL,
	"version" bigint NOT NULL,
	"organization_id" text NOT NULL,
	"content" jsonb NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "template_versions_template_id_version_pk" PRIMARY KEY("template_id","version")
);

CREATE TABLE "vellum_issuance"."achievements" (
	"id" text PRIMARY KEY NOT NULL,
	"organization_id" text NOT NULL,
	"name" text NOT NULL,
	"description" text NOT NULL,
	"criteria" text NOT NULL,
	"achievement_type" text NOT NULL,
	"digest" text NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL
);

CREATE TABLE "vellum_issuance"."recipients" (
	"id" text PRIMARY KEY NOT NULL,
	"organization_id" text NOT NULL,
	"email_digest" text,
	"created_at" timestamp (3) with time zone NOT NULL,
	"erased_at" timestamp (3) with time zone
);

CREATE TABLE "vellum_issuance"."credentials" (
	"id" text PRIMARY KEY NOT NULL,
	"organization_id" text NOT NULL,
	"recipient_id" text NOT NULL,
	"template_id" text NOT NULL,
	"template_version" bigint NOT NULL,
	"achievement_id" text NOT NULL,
	"batch_id" text,
	"business_key" text NOT NULL,
	"public_id" text NOT NULL,
	"document_id" text NOT NULL,
	"state" text NOT NULL,
	"personal" "bytea" NOT NULL,
	"locale" text NOT NULL,
	"completed_on" text,
	"notify" boolean NOT NULL,
	"status_list_id" text NOT NULL,
	"suspension_list_id" text,
	"status_index" bigint NOT NULL,
	"document" "bytea",
	"signed_at" timestamp (3) with time zone,
	"issued_at" timestamp (3) with time zone,
	"changed_at" timestamp (3) with time zone,
	"abandoned_at" timestamp (3) with time zone,
	"created_at" timestamp (3) with time zone NOT NULL
);

CREATE TABLE "vellum_issuance"."search_terms" (
	"organization_id" text NOT NULL,
	"term" text NOT NULL,
	"recipient_id" text NOT NULL,
	CONSTRAINT "search_terms_organization_id_term_recipient_id_pk" PRIMARY KEY("organization_id","term","recipient_id")
);

CREATE TABLE "vellum_issuance"."status_lists" (
	"id" text PRIMARY KEY NOT NULL,
	"organization_id" text NOT NULL,
	"purpose" text NOT NULL,
	"pair_id" text NOT NULL,
	"bits" "bytea" NOT NULL,
	"version" bigint NOT NULL,
	"document" text NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"updated_at" timestamp (3) with time zone NOT NULL
);

CREATE TABLE "vellum_issuance"."signing_keys" (
	"id" text PRIMARY KEY NOT NULL,
	"organization_id" text NOT NULL,
	"did" text NOT NULL,
	"public_url" text NOT NULL,
	"verification_method" text NOT NULL,
	"public_key" text NOT NULL,
	"private_key" "bytea" NOT NULL,
	"active_for" text,
	"created_at" timestamp (3) with time zone NOT NULL,
	"retired_at" timestamp (3) with time zone
);

CREATE TABLE "vellum_issuance"."batches" (
	"id" text PRIMARY KEY NOT NULL,
	"organization_id" text NOT NULL,
	"state" text NOT NULL,
	"pieces" bigint NOT NULL,
	"bytes" bigint NOT NULL,
	"template_id" text NOT NULL,
	"template_version" bigint NOT NULL,
	"achievement" text,
	"notify" boolean NOT NULL,
	"chosen_columns" jsonb NOT NULL,
	"rows" bigint NOT NULL,
	"created" bigint NOT NULL,
	"existing" bigint NOT NULL,
	"refused" bigint NOT NULL,
	"failure" text,
	"created_at" timestamp (3) with time zone NOT NULL,
	"imported_at" timestamp (3) with time zone,
	"finished_at" timestamp (3) with time zone
);

CREATE TABLE "vellum_issuance"."open_uploads" (
	"id" text PRIMARY KEY NOT NULL,
	"organization_id" text NOT NULL,
	"started_at" timestamp (3) with time zone NOT NULL
);

CREATE TABLE "vellum_issuance"."batch_records" (
	"batch_id" text NOT NULL,
	"record" bigint NOT NULL,
	"organization_id" text NOT NULL,
	"outcome" text NOT NULL,
	"business_key" text,
	"credential_id" text,
	"fault" jsonb,
	CONSTRAINT "batch_records_batch_id_record_pk" PRIMARY KEY("batch_id","record")
);

CREATE UNIQUE INDEX "outbox_by_sequence" ON "vellum_issuance"."outbox" USING btree ("family","key","sequence");
CREATE INDEX "outbox_unrelayed" ON "vellum_issuance"."outbox" USING btree ("id") WHERE relayed_at is null;
CREATE INDEX "inbox_due" ON "vellum_issuance"."inbox" USING btree ("state","due_at");
CREATE UNIQUE INDEX "steps_by_key" ON "vellum_issuance"."steps" USING btree ("kind","key");
CREATE INDEX "steps_next" ON "vellum_issuance"."steps" USING btree ("kind","due_at") WHERE state = 'ready';
CREATE INDEX "steps_fair" ON "vellum_issuance"."steps" USING btree ("kind","priority","organization_id","due_at") WHERE state = 'ready';
CREATE INDEX "steps_leased" ON "vellum_issuance"."steps" USING btree ("kind","lease_until") WHERE state = 'leased';
CREATE INDEX "steps_dead" ON "vellum_issuance"."steps" USING btree ("kind","organization_id") WHERE state = 'dead';
CREATE INDEX "idempotency_by_age" ON "vellum_issuance"."idempotency" USING btree ("created_at");
CREATE INDEX "audit_by_target" ON "vellum_issuance"."audit" USING btree ("organization_id","target");
CREATE UNIQUE INDEX "templates_by_slug" ON "vellum_issuance"."templates" USING btree ("organization_id","slug");
CREATE UNIQUE INDEX "achievements_by_digest" ON "vellum_issuance"."achievements" USING btree ("organization_id","digest");
CREATE UNIQUE INDEX "recipients_by_email" ON "vellum_issuance"."recipients" USING btree ("organization_id","email_digest");
CREATE UNIQUE INDEX "credentials_by_business_key" ON "vellum_issuance"."credentials" USING btree ("organization_id","business_key");
CREATE UNIQUE INDEX "credentials_by_status_index" ON "vellum_issuance"."credentials" USING btree ("status_list_id","status_index");
CREATE INDEX "credentials_by_batch" ON "vellum_issuance"."credentials" USING btree ("batch_id","state");
CREATE INDEX "credentials_by_recipient" ON "vellum_issuance"."credentials" USING btree ("recipient_id");
CREATE INDEX "search_terms_by_recipient" ON "vellum_issuance"."search_terms" USING btree ("recipient_id");
CREATE INDEX "status_lists_by_organization" ON "vellum_issuance"."status_lists" USING btree ("organization_id","purpose","created_at");
CREATE UNIQUE INDEX "signing_keys_active" ON "vellum_issuance"."signing_keys" USING btree ("active_for");
CREATE INDEX "signing_keys_by_organization" ON "vellum_issuance"."signing_keys" USING btree ("organization_id");
CREATE INDEX "batches_by_organization" ON "vellum_issuance"."batches" USING btree ("organization_id","id");
CREATE INDEX "open_uploads_by_age" ON "vellum_issuance"."open_uploads" USING btree ("started_at");
CREATE UNIQUE INDEX "batch_records_by_business_key" ON "vellum_issuance"."batch_records" USING btree ("batch_id","business_key");
CREATE INDEX "batch_records_by_outcome" ON "vellum_issuance"."batch_records" USING btree ("batch_id","outcome","record");
