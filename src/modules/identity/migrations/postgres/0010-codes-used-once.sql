ALTER TABLE "vellum_identity"."person_two_factors" ADD COLUMN "used_step" bigint;
