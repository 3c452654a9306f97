ALTER TABLE `credentials` ADD `certificate` text;
