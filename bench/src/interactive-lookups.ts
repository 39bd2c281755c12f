import type { Client } from 'pg'

/** What the interactive reserve is asked; the same as the engine is asked. */
export interface InteractiveInput {
  readonly organizationId: string
  readonly capability: string
  readonly quality: string
  readonly idempotencyKey: string
  readonly promptTokens: number
  readonly maxOutputTokens: number
  readonly actor: { readonly type: string; readonly id: string }
  /** Of the actor's name and address, which are stored already. */
  readonly actorDigest: Buffer
  readonly subject: { readonly type: string; readonly id: string }
}

export interface Locked {
  balance: number
  reserved: number
  overdraft: number
  openHolds: number
  holdsDueFrom: Date
  planId: number
  now: string
  nowMs: number
}

export interface Offer {
  id: string
  rpm: number | null
  rph: number | null
  rpd: number | null
  inputCredits: number
  worstCase: number
}

export interface Budget {
  id: string
  isHard: boolean
  limit: number
  windowStart: string
  used: number
  held: number
}

export async function lockBalance(client: Client, input: InteractiveInput): Promise<Locked> {
  const row = await one<
    Record<string, string> & { holds_due_from: Date; next_due_at: Date; open_holds: number }
  >(
    client,
    `select b.monthly_left, b.bonus, b.debt, b.reserved, b.overdraft_limit, b.open_holds, b.holds_due_from,
       b.next_due_at, p.plan_id, p.status, n.now::text as now, extract(epoch from n.now) * 1000 as now_ms
     from stipend.organization_credit_balances b
     join stipend.organization_plans p on p.organization_id = b.organization_id
     left join stipend.test_clocks t on t.organization_id = b.organization_id
     cross join lateral (
       select greatest(clock_timestamp() + coalesce(t.clock_offset, interval '0'), b.ledger_at)) n(now)
     where b.organization_id = $1::text
     for update of b`,
    [input.organizationId],
    'organization_not_found',
  )
  const nowMs = Math.floor(Number(row['now_ms']))
  if (row['status'] !== 'active') throw new Error('subscription_inactive')
  if (row.next_due_at.getTime() <= nowMs) throw new Error('A period roll is due.')
  if (row.open_holds > 0 && row.holds_due_from.getTime() <= nowMs) throw new Error('Holds are due.')
  return {
    balance: hundredths(row['monthly_left']) + hundredths(row['bonus']) - hundredths(row['debt']),
    reserved: hundredths(row['reserved']),
    overdraft: hundredths(row['overdraft_limit']),
    openHolds: row.open_holds,
    holdsDueFrom: row.holds_due_from,
    planId: Number(row['plan_id']),
    now: row['now'] ?? '',
    nowMs,
  }
}

export async function refuseKnownKey(client: Client, input: InteractiveInput): Promise<void> {
  const { rows } = await client.query<{ id: string; status: string }>(
    `select id, status, parameter_hash, expires_at from stipend.credit_reservations
     where organization_id = $1::text and idempotency_key = $2::text`,
    [input.organizationId, input.idempotencyKey],
  )
  if (rows[0] !== undefined) throw new Error(`request_in_flight: ${rows[0].id}`)
}

export async function findOffer(client: Client, input: InteractiveInput, locked: Locked): Promise<Offer> {
  const row = await one<Record<string, string> & { is_enabled: boolean; models: string[] } & Limits>(
    client,
    `select o.id, o.capability_is_enabled and o.plan_is_enabled as is_enabled, o.models,
       o.rate_limit_rpm as rpm, o.rate_limit_rph as rph, o.rate_limit_rpd as rpd,
       stipend.credits_from_cost(o.input_usd_per_million * $4::integer * 0.000001,
         o.usd_per_credit, o.credit_increment, o.minimum_charge) as input,
       stipend.credits_from_cost((o.input_usd_per_million * $4::integer
           + o.output_usd_per_million * least($5::integer, o.output_cap)) * 0.000001,
         o.usd_per_credit, o.credit_increment, o.minimum_charge) as worst_case
     from stipend.catalog_offers o
     where o.is_current and o.plan_id = $1::integer and o.capability = $2::text and o.quality = $3::text`,
    [locked.planId, input.capability, input.quality, input.promptTokens, input.maxOutputTokens],
    'not_in_plan',
  )
  if (!row.is_enabled || row.models.length === 0) throw new Error('capability_disabled')
  const { rpm, rph, rpd } = row
  const credits = { inputCredits: hundredths(row['input']), worstCase: hundredths(row['worst_case']) }
  return { id: row['id'] ?? '', rpm, rph, rpd, ...credits }
}

interface Limits {
  rpm: number | null
  rph: number | null
  rpd: number | null
}

export interface Window {
  lengthMs: number
  bucket: number
  elapsedMs: number
  count: number
  previous: number
}

const windowNames = { minute: 60_000, hour: 3_600_000, day: 86_400_000 } as const

export async function readWindows(
  client: Client,
  input: InteractiveInput,
  locked: Locked,
): Promise<Window[]> {
  const { rows } = await client.query<Record<string, string | number>>(
    'select * from stipend.rate_windows where organization_id = $1::text and capability = $2::text',
    [input.organizationId, input.capability],
  )
  const row = rows[0] ?? {}
  return Object.entries(windowNames).map(([name, lengthMs]) => {
    const bucket = Math.floor(locked.nowMs / lengthMs)
    const age = bucket - Number(row[`${name}_bucket`] ?? -2)
    const stored = Number(row[`${name}_count`] ?? 0)
    const before = Number(row[`${name}_previous`] ?? 0)
    const previous = age === 0 ? before : age === 1 ? stored : 0
    return { lengthMs, bucket, elapsedMs: locked.nowMs % lengthMs, count: age === 0 ? stored : 0, previous }
  })
}

export function refuseRates(offer: Offer, windows: readonly Window[]): void {
  const limits = [offer.rpm, offer.rph, offer.rpd]
  for (const [index, { lengthMs, elapsedMs, count, previous }] of windows.entries()) {
    const limit = limits[index] ?? null
    if (limit === null) continue
    const used = previous * (lengthMs - elapsedMs) + (count + 1) * lengthMs
    if (used > limit * lengthMs) throw new Error('rate_limited')
  }
}

export async function readBudgets(
  client: Client,
  input: InteractiveInput,
  locked: Locked,
): Promise<Budget[]> {
  const { rows } = await client.query<Record<string, string> & { is_hard: boolean }>(
    `select b.id, b.is_hard, b.limit_credits, s.start::text as window_start,
       coalesce(w.used, 0) as used, coalesce(w.held, 0) as held
     from stipend.budgets b
     cross join lateral (select stipend.budget_window_start(b.period, $2::timestamptz)) s(start)
     left join stipend.budget_windows w
       on w.organization_id = b.organization_id and w.budget_id = b.id and w.window_start = s.start
     where b.organization_id = $1::text
       and (b.scope_type = 'organization' or (b.scope_type = $3::text and b.scope_id = $4::text)
         or (b.scope_type = 'capability' and b.scope_id = $5::text))
     order by b.created_at, b.id`,
    [input.organizationId, locked.now, input.actor.type, input.actor.id, input.capability],
  )
  return rows.map((row) => ({
    id: row['id'] ?? '',
    isHard: row.is_hard,
    limit: hundredths(row['limit_credits']),
    windowStart: row['window_start'] ?? '',
    used: hundredths(row['used']),
    held: hundredths(row['held']),
  }))
}

async function one<Row extends object>(
  client: Client,
  text: string,
  values: readonly unknown[],
  refusal: string,
): Promise<Row> {
  const { rows } = await client.query(text, [...values])
  const row = rows[0] as Row | undefined
  if (row === undefined) throw new Error(refusal)
  return row
}

function hundredths(credits: string | undefined): number {
  return Math.round(Number(credits) * 100)
}
