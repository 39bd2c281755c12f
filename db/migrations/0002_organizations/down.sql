drop table stipend.test_clocks;
drop table stipend.organization_plans;
drop table stipend.organizations;
