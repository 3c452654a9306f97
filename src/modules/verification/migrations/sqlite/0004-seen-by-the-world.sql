CREATE TABLE `published_checkpoints` (
	`size` integer PRIMARY KEY NOT NULL,
	`root` blob NOT NULL,
	`note` text NOT NULL
);

CREATE TABLE `recovered_leaves` (
	`leaf_index` integer PRIMARY KEY NOT NULL,
	`leaf` blob NOT NULL
);
