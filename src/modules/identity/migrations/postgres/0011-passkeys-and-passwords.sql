CREATE TABLE "vellum_identity"."person_passkeys" (
	"id" text PRIMARY KEY NOT NULL,
	"user_id" text NOT NULL,
	"credential_digest" text NOT NULL,
	"sealed" "bytea" NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"last_used_at" timestamp (3) with time zone
);

CREATE TABLE "vellum_identity"."password_resets" (
	"id" text PRIMARY KEY NOT NULL,
	"user_id" text NOT NULL,
	"expires_at" timestamp (3) with time zone NOT NULL
);

CREATE TABLE "vellum_identity"."passkey_challenges" (
	"id" text PRIMARY KEY NOT NULL,
	"bound" text NOT NULL,
	"expires_at" timestamp (3) with time zone NOT NULL
);

ALTER TABLE "vellum_identity"."organizations" ADD COLUMN "requires_second_factor" boolean;
ALTER TABLE "vellum_identity"."person_sessions" ADD COLUMN "both_factors_at" timestamp (3) with time zone;
CREATE UNIQUE INDEX "person_passkeys_by_credential" ON "vellum_identity"."person_passkeys" USING btree ("credential_digest");
CREATE INDEX "person_passkeys_by_person" ON "vellum_identity"."person_passkeys" USING btree ("user_id");
CREATE INDEX "password_resets_by_person" ON "vellum_identity"."password_resets" USING btree ("user_id");
CREATE INDEX "password_resets_by_expiry" ON "vellum_identity"."password_resets" USING btree ("expires_at");
CREATE INDEX "passkey_challenges_by_expiry" ON "vellum_identity"."passkey_challenges" USING btree ("expires_at");
