CREATE TABLE "vellum_issuance"."recipient_mails" (
	"id" text PRIMARY KEY NOT NULL,
	"organization_id" text NOT NULL,
	"recipient_id" text NOT NULL,
	"kind" text NOT NULL,
	"content" "bytea" NOT NULL,
	"token_digest" text,
	"created_at" timestamp (3) with time zone NOT NULL,
	"expires_at" timestamp (3) with time zone NOT NULL
);

CREATE TABLE "vellum_issuance"."recipient_sessions" (
	"id" text PRIMARY KEY NOT NULL,
	"organization_id" text NOT NULL,
	"recipient_id" text,
	"token_digest" text NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"expires_at" timestamp (3) with time zone NOT NULL
);

CREATE TABLE "vellum_issuance"."link_limits" (
	"organization_id" text NOT NULL,
	"kind" text NOT NULL,
	"subject" text NOT NULL,
	"count" bigint NOT NULL,
	"until" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "link_limits_organization_id_kind_subject_pk" PRIMARY KEY("organization_id","kind","subject")
);

CREATE TABLE "vellum_issuance"."erasure_requests" (
	"id" text PRIMARY KEY NOT NULL,
	"organization_id" text NOT NULL,
	"recipient_id" text NOT NULL,
	"state" text NOT NULL,
	"pending_for" text,
	"reason" "bytea",
	"created_at" timestamp (3) with time zone NOT NULL,
	"decided_at" timestamp (3) with time zone
);

CREATE UNIQUE INDEX "recipient_mails_by_token" ON "vellum_issuance"."recipient_mails" USING btree ("token_digest");
CREATE INDEX "recipient_mails_by_recipient" ON "vellum_issuance"."recipient_mails" USING btree ("recipient_id");
CREATE INDEX "recipient_mails_by_age" ON "vellum_issuance"."recipient_mails" USING btree ("expires_at");
CREATE UNIQUE INDEX "recipient_sessions_by_token" ON "vellum_issuance"."recipient_sessions" USING btree ("token_digest");
CREATE INDEX "recipient_sessions_by_recipient" ON "vellum_issuance"."recipient_sessions" USING btree ("recipient_id");
CREATE INDEX "recipient_sessions_by_age" ON "vellum_issuance"."recipient_sessions" USING btree ("expires_at");
CREATE INDEX "link_limits_by_age" ON "vellum_issuance"."link_limits" USING btree ("until");
CREATE UNIQUE INDEX "erasure_requests_pending" ON "vellum_issuance"."erasure_requests" USING btree ("pending_for");
CREATE INDEX "erasure_requests_by_organization" ON "vellum_issuance"."erasure_requests" USING btree ("organization_id","id");
CREATE INDEX "erasure_requests_by_state" ON "vellum_issuance"."erasure_requests" USING btree ("organization_id","state","id");
CREATE INDEX "erasure_requests_by_recipient" ON "vellum_issuance"."erasure_requests" USING btree ("recipient_id");
