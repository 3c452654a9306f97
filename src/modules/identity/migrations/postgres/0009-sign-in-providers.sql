CREATE TABLE "vellum_identity"."sign_in_providers" (
	"id" text PRIMARY KEY NOT NULL,
	"organization_id" text NOT NULL,
	"issuer" text NOT NULL,
	"client_id" text NOT NULL,
	"client_secret" "bytea" NOT NULL,
	"join_role" text,
	"required" boolean NOT NULL,
	"permits" jsonb NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"changed_at" timestamp (3) with time zone NOT NULL
);

CREATE TABLE "vellum_identity"."sign_in_domains" (
	"organization_id" text NOT NULL,
	"domain" text NOT NULL,
	CONSTRAINT "sign_in_domains_organization_id_domain_pk" PRIMARY KEY("organization_id","domain")
);

CREATE TABLE "vellum_identity"."sign_in_links" (
	"id" text PRIMARY KEY NOT NULL,
	"organization_id" text NOT NULL,
	"provider_id" text NOT NULL,
	"subject_digest" text NOT NULL,
	"member_id" text NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL
);

CREATE TABLE "vellum_identity"."sign_in_flows" (
	"id" text PRIMARY KEY NOT NULL,
	"provider_id" text NOT NULL,
	"browser_hash" text NOT NULL,
	"sealed" "bytea" NOT NULL,
	"expires_at" timestamp (3) with time zone NOT NULL
);

ALTER TABLE "vellum_identity"."person_sessions" ADD COLUMN "provider_id" text;
CREATE UNIQUE INDEX "sign_in_providers_by_organization" ON "vellum_identity"."sign_in_providers" USING btree ("organization_id");
CREATE INDEX "sign_in_domains_by_domain" ON "vellum_identity"."sign_in_domains" USING btree ("domain");
CREATE UNIQUE INDEX "sign_in_links_by_subject" ON "vellum_identity"."sign_in_links" USING btree ("provider_id","subject_digest");
CREATE UNIQUE INDEX "sign_in_links_by_member" ON "vellum_identity"."sign_in_links" USING btree ("provider_id","member_id");
CREATE INDEX "sign_in_flows_by_expiry" ON "vellum_identity"."sign_in_flows" USING btree ("expires_at");
CREATE INDEX "person_sessions_by_provider" ON "vellum_identity"."person_sessions" USING btree ("provider_id");
