CREATE TABLE "vellum_issuance"."relay_numbers" (
	"family" text PRIMARY KEY NOT NULL,
	"last" bigint NOT NULL
);

CREATE TABLE "vellum_issuance"."inbox_checks" (
	"subscription" text PRIMARY KEY NOT NULL,
	"checked" bigint NOT NULL
);

ALTER TABLE "vellum_issuance"."outbox" ADD COLUMN "relay_number" bigint;
CREATE UNIQUE INDEX "outbox_by_relay_number" ON "vellum_issuance"."outbox" USING btree ("family","relay_number") WHERE relay_number is not null;
