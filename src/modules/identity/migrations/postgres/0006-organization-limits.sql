CREATE TABLE "vellum_identity"."organization_limits" (
	"organization_id" text PRIMARY KEY NOT NULL,
	"requests_per_minute" bigint,
	"credentials_per_month" bigint,
	"changed_at" timestamp (3) with time zone NOT NULL
);
