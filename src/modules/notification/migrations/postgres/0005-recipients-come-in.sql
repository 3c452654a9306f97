ALTER TABLE "vellum_notification"."account_messages" ADD COLUMN "recipient_id" text;
CREATE INDEX "account_messages_by_recipient" ON "vellum_notification"."account_messages" USING btree ("recipient_id");
