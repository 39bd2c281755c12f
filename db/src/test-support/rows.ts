import type { Pool } from 'pg'

/** A catalog in the normal form that stipend.push_catalog() takes: two plans, one capability, two models. */
export const smallCatalog = {
  settings: {
    usdPerCredit: '0.001',
    increment: '0.25',
    minimumCharge: '0.25',
    overdraftLimit: '2.00',
    graceDays: 3,
  },
  qualityLevels: [
    { key: 'fast', name: 'Fast' },
    { key: 'enhanced', name: 'Enhanced' },
  ],
  models: {
    alpha: {
      provider: 'demo',
      modelId: 'alpha',
      inputUsdPerMillion: '1',
      outputUsdPerMillion: '4',
      ownRates: null,
      markupBasisPoints: 0,
      contextWindow: null,
      deprecatedAt: null,
      replacement: 'beta',
    },
    beta: {
      provider: 'demo',
      modelId: 'beta',
      inputUsdPerMillion: '2',
      outputUsdPerMillion: '8',
      ownRates: null,
      markupBasisPoints: 0,
      contextWindow: null,
      deprecatedAt: null,
      replacement: null,
    },
  },
  capabilities: {
    reply: { name: 'Reply', description: null, outputCap: 1000, minimumOutput: 100, enabled: true },
  },
  plans: {
    free: {
      name: 'Free',
      tierRank: 0,
      monthlyCredits: '10.00',
      welcomeBonus: '5.00',
      priceUsdCents: 0,
      markupBasisPoints: 0,
      allows: {
        reply: {
          enabled: true,
          perMinute: 5,
          perHour: null,
          perDay: null,
          qualities: { fast: { models: ['alpha', 'beta'], estimate: '1.00' } },
        },
      },
    },
    pro: {
      name: 'Pro',
      tierRank: 1,
      monthlyCredits: '500.00',
      welcomeBonus: '0.00',
      priceUsdCents: 2900,
      markupBasisPoints: 0,
      allows: {
        reply: {
          enabled: true,
          perMinute: null,
          perHour: null,
          perDay: null,
          qualities: {
            fast: { models: ['beta'], estimate: '1.00' },
            enhanced: { models: ['beta', 'alpha'], estimate: '4.00' },
          },
        },
      },
    },
  },
  topups: { starter: { name: 'Starter', credits: '100.00', priceUsdCents: 999 } },
}

/** Pushes a catalog; whether it changed anything, and its version. */
export async function pushCatalog(
  pool: Pool,
  catalog: object = smallCatalog,
): Promise<{ is_changed: boolean; version: number } | undefined> {
  const { rows } = await pool.query<{ is_changed: boolean; version: number }>(
    `select * from stipend.push_catalog($1::jsonb, 'test', null)`,
    [JSON.stringify(catalog)],
  )
  return rows[0]
}

/** Puts rows into every table: organizations with credits, a hold, limits, a key. Their ids are the same but for theirs. */
export async function fillTables(
  owner: Pool,
  server: Pool,
  organizations: readonly string[] = ['acme'],
): Promise<void> {
  await pushCatalog(server)
  await server.query(`select stipend.put_model_price('alpha', 3, 1, null, 4, null, null, 'test', 'Contract')`)
  await owner.query(`insert into stipend.consumption_feed default values`)
  await server.query(`select stipend.put_stripe_price('starter', null, 'prod_1', 'price_1', 999, 'usd')`)
  await server.query(`select stipend.claim_stripe_event('evt_1', 'charge.refunded')`)
  await owner.query(`insert into stipend.output_lengths values ('reply', 'fast', 40, 3)`)
  await owner.query(`insert into stipend.output_estimates values ('reply', 'fast', 3, null, now())`)
  await server.query(
    `select stipend.begin_audit('member', 'ann', null, 'catalog push', 'acme', null, '{}', null)`,
  )
  await server.query(`select stipend.note_job_run('expire-grants', 3, 1, null)`)
  await owner.query(
    `insert into stipend.ledger_checkpoints values (1, sha256(''), sha256('token'), 1, sha256('heads'), 'key', 'token', now())`,
  )
  for (const organization of organizations) await fillOrganization(owner, server, organization)
}

async function fillOrganization(owner: Pool, server: Pool, organization: string): Promise<void> {
  await server.query(`select * from stipend.put_organization($1, 'Acme', 'free', null, null, null)`, [
    organization,
  ])
  await server.query(
    `select * from stipend.grant_credits($1, 'topup', 20, 'payment-1', 100, null, null, null, null, null)`,
    [organization],
  )
  const budget = '0197f000-0000-7000-8000-000000000001'
  await server.query(
    `select stipend.put_notification_preferences($1, 'member', 'ann', false, true, true, null, 20, 'https://hooks.slack.com/services/of/none')`,
    [organization],
  )
  await server.query(`select stipend.put_budget($1, $2, 'organization', null, 'day', 100, true)`, [
    organization,
    budget,
  ])
  const payment = '0197f000-0000-7000-8000-000000000003'
  for (const sql of [
    `select stipend.put_stripe_customer('${organization}', 'cus_${organization}')`,
    `select stipend.create_payment('${organization}', '${payment}', 'topup', 'starter', 'member', 'ann')`,
    `select stipend.begin_stripe_sync('${organization}', '${payment}')`,
    `select stipend.put_auto_topup('${organization}', true, 5, 'starter', 5000)`,
    `select stipend.begin_stripe_sync('${organization}', 'subscription')`,
    `select stipend.sync_subscription('${organization}', 1, 'sub_1', 'active', 'month', 'free', now() - interval '3 days',
       now() - interval '3 days', now() + interval '27 days', null, null, null, null, null, null, null)`,
  ]) {
    await server.query(sql)
  }
  const reservation = '0197f000-0000-7000-8000-000000000002'
  await owner.query(
    `insert into stipend.credit_reservations (organization_id, id, offer_id, estimated_credits, held_credits,
       maximum_credits, input_credits, is_dispatched, lease_seconds, created_at, expires_at)
     select $1, $2, min(id), 1, 1, 10, 1, false, 300, now(), now() + interval '5 minutes' from stipend.catalog_offers`,
    [organization, reservation],
  )
  const endpoint = '0197f000-0000-7000-8000-000000000003'
  await server.query(
    `select stipend.create_webhook_endpoint($1, $2, 'whsec_c2VjcmV0', 'https://acme.example', null, null)`,
    [organization, endpoint],
  )
  await server.query(
    `select stipend.fan_out_event($1, 'event:1', 'credits.depleted', '{}', clock_timestamp(), true, true, true)`,
    [organization],
  )
  await server.query(
    `select stipend.finish_webhook_attempt(organization_id, id, lease, clock_timestamp(), 204, null, 7)
     from stipend.claim_webhook_deliveries(10, 4)`,
  )
  await server.query(`select stipend.mark_notifications_read($1, 'member', 'ann', 1)`, [organization])
  for (const sql of [
    `insert into stipend.reservation_replies select '${organization}', '${reservation}', '{}', now()`,
    `insert into stipend.settle_intents (organization_id, reservation_id, input) values ('${organization}', '${reservation}', '{}')`,
    `insert into stipend.outbox_cursors (organization_id) values ('${organization}')`,
    `insert into stipend.output_estimate_cursors values ('${organization}', 1)`,
    `insert into stipend.rate_windows values ('${organization}', 'reply', 1, 1, 0, 1, 1, 0, 1, 1, 0)`,
    `insert into stipend.customer_uses values ('${organization}', 'eve', '${reservation}', now())`,
    `insert into stipend.budget_windows values ('${organization}', '${budget}', date_trunc('day', now()), 1, 0)`,
    `insert into stipend.credit_parties (organization_id, digest, party_type, party_id) values ('${organization}', 'd', 'member', 'ann')`,
    `insert into stipend.test_clocks values ('${organization}', interval '1 hour')`,
    `insert into stipend.api_keys (id, organization_id, name, prefix, hash, scopes)
       values (gen_random_uuid(), '${organization}', 'Key', 'sp_live_a', 'hash of ${organization}', '{admin}')`,
    `insert into stipend.ledger_checkpoint_heads values ('${organization}', 1, 1, sha256('row'), 1, 0, 0, 0, now(), now())`,
    `insert into stipend.shadow_refusals values ('${organization}', '${reservation}', 'free', 'reply', 'fast', 'rate_limited', null, now())`,
    `insert into stipend.ledger_archives values ('${organization}', 1, 1, 1, sha256('file'), 'ann')`,
    `insert into stipend.idempotency_records (organization_id, key, parameter_hash) values ('${organization}', 'k', 'h')`,
  ]) {
    await owner.query(sql)
  }
}
