ALTER TABLE "vellum_issuance"."credentials" ADD COLUMN "certificate" text;
