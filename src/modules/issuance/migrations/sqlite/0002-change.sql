ALTER TABLE `batches` ADD `format` text DEFAULT 'csv' NOT NULL;
ALTER TABLE `batches` ADD `header` text DEFAULT '[]' NOT NULL;
ALTER TABLE `batches` ADD `paused_at` integer;
ALTER TABLE `batches` ADD `orders` integer DEFAULT 0 NOT NULL;
CREATE INDEX `batches_by_state` ON `batches` (`organization_id`,`state`,`id`);
CREATE INDEX `batches_held` ON `batches` (`paused_at`) WHERE "batches"."paused_at" is not null;
ALTER TABLE `batch_records` ADD `cells` blob;
ALTER TABLE `batch_records` ADD `email_digest` text;
CREATE INDEX `batch_records_by_email` ON `batch_records` (`organization_id`,`email_digest`) WHERE "batch_records"."email_digest" is not null;
