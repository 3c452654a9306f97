ALTER TABLE "vellum_issuance"."batches" ADD COLUMN "format" text DEFAULT 'csv' NOT NULL;
ALTER TABLE "vellum_issuance"."batches" ADD COLUMN "header" jsonb DEFAULT '[]'::jsonb NOT NULL;
ALTER TABLE "vellum_issuance"."batches" ADD COLUMN "paused_at" timestamp (3) with time zone;
ALTER TABLE "vellum_issuance"."batches" ADD COLUMN "orders" bigint DEFAULT 0 NOT NULL;
ALTER TABLE "vellum_issuance"."batch_records" ADD COLUMN "cells" "bytea";
ALTER TABLE "vellum_issuance"."batch_records" ADD COLUMN "email_digest" text;
CREATE INDEX "batches_by_state" ON "vellum_issuance"."batches" USING btree ("organization_id","state","id");
CREATE INDEX "batches_held" ON "vellum_issuance"."batches" USING btree ("paused_at") WHERE "vellum_issuance"."batches"."paused_at" is not null;
CREATE INDEX "batch_records_by_email" ON "vellum_issuance"."batch_records" USING btree ("organization_id","email_digest") WHERE "vellum_issuance"."batch_records"."email_digest" is not null;
