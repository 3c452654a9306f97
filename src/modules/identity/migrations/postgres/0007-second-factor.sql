CREATE TABLE "vellum_identity"."person_two_factors" (
	"id" text PRIMARY KEY NOT NULL,
	"user_id" text NOT NULL,
	"sealed" "bytea" NOT NULL,
	"verified" boolean NOT NULL,
	"failed_verification_count" bigint NOT NULL,
	"locked_until" timestamp (3) with time zone
);

ALTER TABLE "vellum_identity"."persons" ADD COLUMN "two_factor_enabled" boolean;
CREATE INDEX "person_two_factors_by_person" ON "vellum_identity"."person_two_factors" USING btree ("user_id");
