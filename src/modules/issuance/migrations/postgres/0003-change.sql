CREATE TABLE "vellum_issuance"."template_designs" (
	"organization_id" text NOT NULL,
	"digest" text NOT NULL,
	"template" jsonb NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "template_designs_organization_id_digest_pk" PRIMARY KEY("organization_id","digest")
);

CREATE TABLE "vellum_issuance"."template_images" (
	"organization_id" text NOT NULL,
	"id" text NOT NULL,
	"source_digest" text NOT NULL,
	"media_type" text NOT NULL,
	"width" bigint NOT NULL,
	"height" bigint NOT NULL,
	"bytes" bigint NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "template_images_organization_id_id_pk" PRIMARY KEY("organization_id","id")
);

CREATE INDEX "template_images_by_source" ON "vellum_issuance"."template_images" USING btree ("organization_id","source_digest");
