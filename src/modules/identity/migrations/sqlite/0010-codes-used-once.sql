ALTER TABLE `person_two_factors` ADD `used_step` integer;
