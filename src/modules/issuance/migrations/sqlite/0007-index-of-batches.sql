DROP INDEX `credentials_by_batch`;
CREATE INDEX `credentials_by_batch` ON `credentials` (`batch_id`,`state`,`issued_at`) WHERE "credentials"."batch_id" is not null;
