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
CREATE INDEX "data_keys_by_kind" ON "vellum_identity"."data_keys" USING btree ("kind","subject");
