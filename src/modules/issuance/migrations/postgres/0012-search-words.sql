CREATE TABLE "vellum_issuance"."search_words" (
	"organization_id" text NOT NULL,
	"start" text NOT NULL,
	"rest" text NOT NULL,
	"recipient_id" text NOT NULL,
	CONSTRAINT "search_words_organization_id_start_recipient_id_rest_pk" PRIMARY KEY("organization_id","start","recipient_id","rest")
);

CREATE INDEX "search_words_by_recipient" ON "vellum_issuance"."search_words" USING btree ("recipient_id");
-- What was indexed so far goes on being found: decision 0230.
ALTER TABLE "vellum_issuance"."search_terms" NO FORCE ROW LEVEL SECURITY;

INSERT INTO "vellum_issuance"."search_words" ("organization_id", "start", "rest", "recipient_id")
	SELECT "organization_id", "term", '', "recipient_id" FROM "vellum_issuance"."search_terms";

DROP TABLE "vellum_issuance"."search_terms" CASCADE;
