drop table stipend.consumption_feed;
drop table stipend.outbox_cursors;
drop index stipend.outbox_events_delivered;
drop index stipend.outbox_events_pending;
alter table stipend.outbox_events drop column delivered_at;
drop table stipend.settle_intents;
