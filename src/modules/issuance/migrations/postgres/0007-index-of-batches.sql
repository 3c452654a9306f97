DROP INDEX "vellum_issuance"."credentials_by_batch";
CREATE INDEX "credentials_by_batch" ON "vellum_issuance"."credentials" USING btree ("batch_id","state","issued_at") WHERE "vellum_issuance"."credentials"."batch_id" is not null;
