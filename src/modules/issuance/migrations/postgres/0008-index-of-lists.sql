CREATE INDEX "credentials_by_organization" ON "vellum_issuance"."credentials" USING btree ("organization_id","id");
