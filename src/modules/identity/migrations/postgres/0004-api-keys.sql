CREATE TABLE "vellum_identity"."api_keys" (
	"id" text PRIMARY KEY NOT NULL,
	"organization_id" text NOT NULL,
	"request_id" text NOT NULL,
	"name" text NOT NULL,
	"scopes" jsonb NOT NULL,
	"key_hash" text NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"expires_at" timestamp (3) with time zone NOT NULL,
	"revoked_at" timestamp (3) with time zone,
	"last_used_on" text
);

ALTER TABLE "vellum_identity"."signing_keys" ADD COLUMN "active_from" timestamp (3) with time zone;
ALTER TABLE "vellum_identity"."signing_keys" ADD COLUMN "withdrawn_at" timestamp (3) with time zone;
ALTER TABLE "vellum_identity"."signing_keys" ADD COLUMN "replaces" text;
CREATE UNIQUE INDEX "api_keys_by_hash" ON "vellum_identity"."api_keys" USING btree ("key_hash");
CREATE UNIQUE INDEX "api_keys_by_request" ON "vellum_identity"."api_keys" USING btree ("organization_id","request_id");
CREATE INDEX "api_keys_revoked" ON "vellum_identity"."api_keys" USING btree ("revoked_at");
CREATE UNIQUE INDEX "signing_keys_by_predecessor" ON "vellum_identity"."signing_keys" USING btree ("replaces");
