CREATE TABLE `template_designs` (
	`organization_id` text NOT NULL,
	`digest` text NOT NULL,
	`template` text NOT NULL,
	`created_at` integer NOT NULL,
	PRIMARY KEY(`organization_id`, `digest`)
);

CREATE TABLE `template_images` (
	`organization_id` text NOT NULL,
	`id` text NOT NULL,
	`source_digest` text NOT NULL,
	`media_type` text NOT NULL,
	`width` integer NOT NULL,
	`height` integer NOT NULL,
	`bytes` integer NOT NULL,
	`created_at` integer NOT NULL,
	PRIMARY KEY(`organization_id`, `id`)
);

CREATE INDEX `template_images_by_source` ON `template_images` (`organization_id`,`source_digest`);
