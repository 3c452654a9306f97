ALTER TABLE `account_messages` ADD `recipient_id` text;
CREATE INDEX `account_messages_by_recipient` ON `account_messages` (`recipient_id`);
