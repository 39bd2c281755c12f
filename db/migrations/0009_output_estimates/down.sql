alter table stipend.catalog_offers drop column expected_output_tokens;
drop table stipend.output_estimate_cursors;
drop table stipend.output_estimates;
drop table stipend.output_lengths;
