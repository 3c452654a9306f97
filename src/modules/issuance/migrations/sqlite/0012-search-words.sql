CREATE TABLE `search_words` (
	`organization_id` text NOT NULL,
	`start` text NOT NULL,
	`rest` text NOT NULL,
	`recipient_id` text NOT NULL,
	PRIMARY KEY(`organization_id`, `start`, `recipient_id`, `rest`)
);

CREATE INDEX `search_words_by_recipient` ON `search_words` (`recipient_id`);
-- What was indexed so far goes on being found: decision 0230.
INSERT INTO `search_words` (`organization_id`, `start`, `rest`, `recipient_id`)
	SELECT `organization_id`, `term`, '', `recipient_id` FROM `search_terms`;

DROP TABLE `search_terms`;
