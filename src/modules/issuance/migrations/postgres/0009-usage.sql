CREATE TABLE "vellum_issuance"."usage" (
	"organization_id" text NOT NULL,
	"month" text NOT NULL,
	"credentials" bigint NOT NULL,
	CONSTRAINT "usage_organization_id_month_pk" PRIMARY KEY("organization_id","month")
);
