drop table stipend.shadow_refusals;
drop index stipend.catalog_offers_shadow;
alter table stipend.catalog_offers drop column is_shadow;
alter table stipend.credit_settings drop column is_shadow;
