CREATE TABLE "vellum_verification"."published_checkpoints" (
	"size" bigint PRIMARY KEY NOT NULL,
	"root" "bytea" NOT NULL,
	"note" text NOT NULL
);

CREATE TABLE "vellum_verification"."recovered_leaves" (
	"leaf_index" bigint PRIMARY KEY NOT NULL,
	"leaf" "bytea" NOT NULL
);
