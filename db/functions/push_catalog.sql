-- Makes the catalog what p_catalog says, in one transaction; the same again changes nothing. Plans, capabilities,
-- models and packages that it no longer names become inactive; a plan that organizations are on stays required.
-- p_expected_version: what the caller saw last; another one in force refuses it. NULL: whatever is in force.
-- p_catalog is the normal form that the engine's normalizeCatalog() makes of the host's file.
create or replace function stipend.push_catalog(
  p_catalog jsonb, p_author text, p_reason text, p_expected_version integer default null,
  out is_changed boolean, out version integer
) returns record
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
set jit = off
as $$
declare
  v_stranded  record;
begin
  perform pg_advisory_xact_lock(hashtext('stipend.push_catalog'));
  select v.version, v.catalog <> p_catalog into version, is_changed
  from stipend.catalog_versions v order by v.version desc limit 1;
  is_changed := coalesce(is_changed, true);
  if p_expected_version <> coalesce(version, 0) then
    perform stipend.refuse('invalid_request', jsonb_build_object('field', 'version', 'value', p_expected_version,
      'rule', format('must be %s, the version in force: look at what has changed since', coalesce(version, 0))));
  end if;
  if not is_changed then
    return;
  end if;

  select n.unique_name as plan, count(*) as organizations into v_stranded
  from stipend.organization_plans p join stipend.plans n on n.id in (p.plan_id, p.pending_plan_id)
  where not p_catalog -> 'plans' ? n.unique_name
  group by n.unique_name order by n.unique_name limit 1;
  if v_stranded.plan is not null then
    perform stipend.refuse('invalid_request', jsonb_build_object('field', 'plans', 'value', v_stranded.plan,
      'rule', format('%s organizations are on plan %s: keep it in the catalog or move them first',
        v_stranded.organizations, v_stranded.plan)));
  end if;

  version := coalesce(version, 0) + 1;
  insert into stipend.catalog_versions (version, catalog, author, reason) values (version, p_catalog, p_author, p_reason);

  update stipend.credit_settings s
  set usd_per_credit = (p_catalog #>> '{settings,usdPerCredit}')::numeric,
      credit_increment = (p_catalog #>> '{settings,increment}')::numeric,
      minimum_charge = (p_catalog #>> '{settings,minimumCharge}')::numeric,
      overdraft_limit = (p_catalog #>> '{settings,overdraftLimit}')::numeric,
      grace_days = (p_catalog #>> '{settings,graceDays}')::integer,
      is_shadow = coalesce((p_catalog #>> '{settings,shadowMode}')::boolean, false);

  insert into stipend.quality_levels as q (unique_name, name, rank)
  select x.value ->> 'key', x.value ->> 'name', x.ordinality
  from jsonb_array_elements(p_catalog -> 'qualityLevels') with ordinality x
  on conflict (unique_name) do update set name = excluded.name, rank = excluded.rank, is_active = true;
  update stipend.quality_levels q set is_active = false
  where not exists (
    select from jsonb_array_elements(p_catalog -> 'qualityLevels') x where x.value ->> 'key' = q.unique_name);

  insert into stipend.ai_capabilities as c (unique_name, name, description, output_cap, minimum_output, is_enabled)
  select x.key, x.value ->> 'name', x.value ->> 'description', (x.value ->> 'outputCap')::integer,
    (x.value ->> 'minimumOutput')::integer, (x.value ->> 'enabled')::boolean
  from jsonb_each(p_catalog -> 'capabilities') x
  on conflict (unique_name) do update
  set name = excluded.name, description = excluded.description, output_cap = excluded.output_cap,
      minimum_output = excluded.minimum_output, is_enabled = excluded.is_enabled, is_active = true;
  update stipend.ai_capabilities c set is_active = false where not p_catalog -> 'capabilities' ? c.unique_name;

  insert into stipend.llm_models as m (
    unique_name, provider, model_id, input_usd_per_million, output_usd_per_million, markup_basis_points,
    context_window, deprecated_at)
  select x.key, x.value ->> 'provider', x.value ->> 'modelId', (x.value ->> 'inputUsdPerMillion')::numeric,
    (x.value ->> 'outputUsdPerMillion')::numeric, (x.value ->> 'markupBasisPoints')::integer,
    (x.value ->> 'contextWindow')::integer, (x.value ->> 'deprecatedAt')::timestamptz
  from jsonb_each(p_catalog -> 'models') x
  on conflict (unique_name) do update
  set provider = excluded.provider, model_id = excluded.model_id, input_usd_per_million = excluded.input_usd_per_million,
      output_usd_per_million = excluded.output_usd_per_million, markup_basis_points = excluded.markup_basis_points,
      context_window = excluded.context_window, deprecated_at = excluded.deprecated_at, is_active = true;
  update stipend.llm_models m
  set is_active = p_catalog -> 'models' ? m.unique_name,
      replacement_model_id = (
        select r.id from stipend.llm_models r
        where r.unique_name = p_catalog -> 'models' -> m.unique_name ->> 'replacement');

  insert into stipend.plans as n (
    unique_name, name, tier_rank, monthly_ai_credits, welcome_bonus_credits, price_usd_cents, annual_price_usd_cents,
    markup_basis_points)
  select x.key, x.value ->> 'name', (x.value ->> 'tierRank')::integer, (x.value ->> 'monthlyCredits')::numeric,
    (x.value ->> 'welcomeBonus')::numeric, (x.value ->> 'priceUsdCents')::integer,
    (x.value ->> 'annualPriceUsdCents')::integer, (x.value ->> 'markupBasisPoints')::integer
  from jsonb_each(p_catalog -> 'plans') x
  on conflict (unique_name) do update
  set name = excluded.name, tier_rank = excluded.tier_rank, monthly_ai_credits = excluded.monthly_ai_credits,
      welcome_bonus_credits = excluded.welcome_bonus_credits, price_usd_cents = excluded.price_usd_cents,
      annual_price_usd_cents = excluded.annual_price_usd_cents,
      markup_basis_points = excluded.markup_basis_points, is_active = true;
  update stipend.plans n set is_active = false where not p_catalog -> 'plans' ? n.unique_name;

  insert into stipend.credit_topup_packages as t (unique_name, name, credits, price_usd_cents)
  select x.key, x.value ->> 'name', (x.value ->> 'credits')::numeric, (x.value ->> 'priceUsdCents')::integer
  from jsonb_each(p_catalog -> 'topups') x
  on conflict (unique_name) do update
  set name = excluded.name, credits = excluded.credits, price_usd_cents = excluded.price_usd_cents, is_active = true;
  update stipend.credit_topup_packages t set is_active = false where not p_catalog -> 'topups' ? t.unique_name;

  perform stipend.push_plan_access(p_catalog);
  perform stipend.add_catalog_prices(p_catalog, p_author, p_reason);
  perform stipend.refresh_offers(version);
end;
$$;
