DROP INDEX `credentials_by_batch`;
CREATE INDEX `credentials_abandoned` ON `credentials` (`batch_id`,`state`,`abandoned_at`) WHERE "credentials"."abandoned_at" is not null;
CREATE INDEX `credentials_by_batch` ON `credentials` (`batch_id`,`state`,`issued_at`);
