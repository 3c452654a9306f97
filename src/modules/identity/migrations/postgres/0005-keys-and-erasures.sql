CREATE TABLE "vellum_identity"."erasures" (
	"recipient_id" text PRIMARY KEY NOT NULL,
	"organization_id" text NOT NULL,
	"erased_at" timestamp (3) with time zone NOT NULL,
	"completed_at" timestamp (3) with time zone
);

CREATE TABLE "vellum_identity"."erasure_parts" (
	"recipient_id" text NOT NULL,
	"module" text NOT NULL,
	"organization_id" text NOT NULL,
	"removed" jsonb NOT NULL,
	"confirmed_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "erasure_parts_recipient_id_module_pk" PRIMARY KEY("recipient_id","module")
);

CREATE TABLE "vellum_identity"."reseal_reports" (
	"rotation" text NOT NULL,
	"module" text NOT NULL,
	"left" bigint NOT NULL,
	"final_at" timestamp (3) with time zone,
	"reported_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "reseal_reports_rotation_module_pk" PRIMARY KEY("rotation","module")
);

ALTER TABLE "vellum_identity"."data_keys" ADD COLUMN "rotation" text;
ALTER TABLE "vellum_identity"."data_keys" ADD COLUMN "retired_at" timestamp (3) with time zone;
CREATE INDEX "erasures_by_organization" ON "vellum_identity"."erasures" USING btree ("organization_id","recipient_id");
CREATE INDEX "data_keys_by_kind" ON "vellum_identity"."data_keys" USING btree ("kind","subject");
CREATE INDEX "data_keys_erased" ON "vellum_identity"."data_keys" USING btree ("subject") WHERE "vellum_identity"."data_keys"."erased_at" is not null;
