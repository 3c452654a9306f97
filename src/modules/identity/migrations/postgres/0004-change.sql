ALTER TABLE "vellum_identity"."signing_keys" ADD COLUMN "active_from" timestamp (3) with time zone;
ALTER TABLE "vellum_identity"."signing_keys" ADD COLUMN "withdrawn_at" timestamp (3) with time zone;
ALTER TABLE "vellum_identity"."signing_keys" ADD COLUMN "replaces" text;
CREATE UNIQUE INDEX "signing_keys_by_predecessor" ON "vellum_identity"."signing_keys" USING btree ("replaces");
