drop table stipend.message_deliveries, stipend.notification_settings, stipend.notification_reads, stipend.notifications,
  stipend.webhook_attempts, stipend.webhook_deliveries, stipend.webhook_secrets, stipend.webhook_endpoints;
alter table stipend.notification_preferences drop column in_app;
