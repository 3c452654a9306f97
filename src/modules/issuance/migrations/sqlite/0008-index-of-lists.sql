CREATE INDEX `credentials_by_organization` ON `credentials` (`organization_id`,`id`);
