drop table stipend.notification_preferences;
