CREATE TABLE "vellum_identity"."persons" (
	"id" text PRIMARY KEY NOT NULL,
	"email_digest" text NOT NULL,
	"sealed" "bytea" NOT NULL,
	"email_verified" boolean NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"updated_at" timestamp (3) with time zone NOT NULL
);

CREATE TABLE "vellum_identity"."person_accounts" (
	"id" text PRIMARY KEY NOT NULL,
	"user_id" text NOT NULL,
	"provider_id" text NOT NULL,
	"account_id_digest" text NOT NULL,
	"sealed" "bytea" NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"updated_at" timestamp (3) with time zone NOT NULL
);

CREATE TABLE "vellum_identity"."person_sessions" (
	"id" text PRIMARY KEY NOT NULL,
	"user_id" text NOT NULL,
	"token_digest" text NOT NULL,
	"grant_id" text NOT NULL,
	"sealed" "bytea" NOT NULL,
	"expires_at" timestamp (3) with time zone NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"updated_at" timestamp (3) with time zone NOT NULL
);

CREATE TABLE "vellum_identity"."ended_grants" (
	"grant_id" text PRIMARY KEY NOT NULL,
	"ended_at" timestamp (3) with time zone NOT NULL
);

CREATE TABLE "vellum_identity"."person_verifications" (
	"id" text PRIMARY KEY NOT NULL,
	"identifier_digest" text NOT NULL,
	"sealed" "bytea" NOT NULL,
	"expires_at" timestamp (3) with time zone NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"updated_at" timestamp (3) with time zone NOT NULL
);

CREATE TABLE "vellum_identity"."sign_in_failures" (
	"subject" text PRIMARY KEY NOT NULL,
	"count" bigint NOT NULL,
	"until" timestamp (3) with time zone NOT NULL
);

CREATE TABLE "vellum_identity"."members" (
	"id" text PRIMARY KEY NOT NULL,
	"organization_id" text NOT NULL,
	"person_id" text NOT NULL,
	"role" text NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"disabled_at" timestamp (3) with time zone
);

CREATE TABLE "vellum_identity"."invitations" (
	"id" text PRIMARY KEY NOT NULL,
	"organization_id" text NOT NULL,
	"email_digest" text NOT NULL,
	"email" "bytea" NOT NULL,
	"role" text NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"expires_at" timestamp (3) with time zone NOT NULL,
	"accepted_at" timestamp (3) with time zone,
	"revoked_at" timestamp (3) with time zone
);

CREATE TABLE "vellum_identity"."account_mails" (
	"id" text PRIMARY KEY NOT NULL,
	"organization_id" text NOT NULL,
	"kind" text NOT NULL,
	"content" "bytea" NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"expires_at" timestamp (3) with time zone NOT NULL
);

CREATE UNIQUE INDEX "persons_by_email" ON "vellum_identity"."persons" USING btree ("email_digest");
CREATE UNIQUE INDEX "person_accounts_by_provider" ON "vellum_identity"."person_accounts" USING btree ("provider_id","account_id_digest");
CREATE INDEX "person_accounts_by_person" ON "vellum_identity"."person_accounts" USING btree ("user_id");
CREATE UNIQUE INDEX "person_sessions_by_token" ON "vellum_identity"."person_sessions" USING btree ("token_digest");
CREATE INDEX "person_sessions_by_person" ON "vellum_identity"."person_sessions" USING btree ("user_id");
CREATE INDEX "person_sessions_by_expiry" ON "vellum_identity"."person_sessions" USING btree ("expires_at");
CREATE INDEX "ended_grants_by_time" ON "vellum_identity"."ended_grants" USING btree ("ended_at");
CREATE INDEX "person_verifications_by_identifier" ON "vellum_identity"."person_verifications" USING btree ("identifier_digest");
CREATE INDEX "person_verifications_by_expiry" ON "vellum_identity"."person_verifications" USING btree ("expires_at");
CREATE INDEX "sign_in_failures_by_time" ON "vellum_identity"."sign_in_failures" USING btree ("until");
CREATE UNIQUE INDEX "members_by_person" ON "vellum_identity"."members" USING btree ("person_id","organization_id");
CREATE INDEX "members_by_organization" ON "vellum_identity"."members" USING btree ("organization_id","id");
CREATE INDEX "invitations_by_organization" ON "vellum_identity"."invitations" USING btree ("organization_id","id");
CREATE INDEX "invitations_by_address" ON "vellum_identity"."invitations" USING btree ("organization_id","email_digest");
CREATE INDEX "account_mails_by_expiry" ON "vellum_identity"."account_mails" USING btree ("expires_at");
