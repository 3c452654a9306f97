DROP INDEX "vellum_issuance"."credentials_by_batch";
CREATE INDEX "credentials_abandoned" ON "vellum_issuance"."credentials" USING btree ("batch_id","state","abandoned_at") WHERE "vellum_issuance"."credentials"."abandoned_at" is not null;
CREATE INDEX "credentials_by_batch" ON "vellum_issuance"."credentials" USING btree ("batch_id","state","issued_at");
