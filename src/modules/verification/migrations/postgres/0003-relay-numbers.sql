CREATE TABLE "vellum_verification"."relay_numbers" (
	"family" text PRIMARY KEY NOT NULL,
	"last" bigint NOT NULL
);

CREATE TABLE "vellum_verification"."inbox_checks" (
	"subscription" text PRIMARY KEY NOT NULL,
	"checked" bigint NOT NULL
);

ALTER TABLE "vellum_verification"."outbox" ADD COLUMN "relay_number" bigint;
CREATE UNIQUE INDEX "outbox_by_relay_number" ON "vellum_verification"."outbox" USING btree ("family","relay_number") WHERE relay_number is not null;
