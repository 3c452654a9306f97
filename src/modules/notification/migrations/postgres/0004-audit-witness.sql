CREATE TABLE "vellum_notification"."audit_witness" (
	"module" text NOT NULL,
	"organization_id" text NOT NULL,
	"sequence" bigint NOT NULL,
	"hash" "bytea" NOT NULL,
	"restoration" text,
	"contradiction" text,
	"kept_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "audit_witness_module_organization_id_pk" PRIMARY KEY("module","organization_id")
);
