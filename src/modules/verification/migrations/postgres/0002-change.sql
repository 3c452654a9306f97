CREATE TABLE "vellum_verification"."achievements" (
	"organization_id" text NOT NULL,
	"id" text NOT NULL,
	"name" text NOT NULL,
	CONSTRAINT "achievements_organization_id_id_pk" PRIMARY KEY("organization_id","id")
);

ALTER TABLE "vellum_verification"."credentials" ADD COLUMN "achievement_id" text;
CREATE INDEX "credentials_by_achievement" ON "vellum_verification"."credentials" USING btree ("organization_id","achievement_id","status");
