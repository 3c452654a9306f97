CREATE TABLE `person_passkeys` (
	`id` text PRIMARY KEY NOT NULL,
	`user_id` text NOT NULL,
	`credential_digest` text NOT NULL,
	`sealed` blob NOT NULL,
	`created_at` integer NOT NULL,
	`last_used_at` integer
);

CREATE UNIQUE INDEX `person_passkeys_by_credential` ON `person_passkeys` (`credential_digest`);
CREATE INDEX `person_passkeys_by_person` ON `person_passkeys` (`user_id`);
CREATE TABLE `password_resets` (
	`id` text PRIMARY KEY NOT NULL,
	`user_id` text NOT NULL,
	`expires_at` integer NOT NULL
);

CREATE INDEX `password_resets_by_person` ON `password_resets` (`user_id`);
CREATE INDEX `password_resets_by_expiry` ON `password_resets` (`expires_at`);
CREATE TABLE `passkey_challenges` (
	`id` text PRIMARY KEY NOT NULL,
	`bound` text NOT NULL,
	`expires_at` integer NOT NULL
);

CREATE INDEX `passkey_challenges_by_expiry` ON `passkey_challenges` (`expires_at`);
ALTER TABLE `organizations` ADD `requires_second_factor` integer;
ALTER TABLE `person_sessions` ADD `both_factors_at` integer;
