CREATE TABLE `audit_witness` (
	`module` text NOT NULL,
	`organization_id` text NOT NULL,
	`sequence` integer NOT NULL,
	`hash` blob NOT NULL,
	`restoration` text,
	`contradiction` text,
	`kept_at` integer NOT NULL,
	PRIMARY KEY(`module`, `organization_id`)
);
