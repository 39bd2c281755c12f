import { createHash, randomUUID } from 'node:crypto'
import type { Client } from 'pg'
import {
  type Budget,
  findOffer,
  type InteractiveInput,
  type Locked,
  lockBalance,
  type Offer,
  readBudgets,
  readWindows,
  refuseKnownKey,
  refuseRates,
  type Window,
} from './interactive-lookups.ts'

const leaseSeconds = 300

/**
 * The engine's reserve as one would write it by hand: BEGIN, lock the balance, look up key, offer, windows and
 * budgets, decide, insert the hold, move balance, windows and budgets, COMMIT. It does the same checks and leaves
 * the same rows, so that the engine can settle what it held. Returns the hold's id.
 */
export async function reserveInteractively(client: Client, input: InteractiveInput): Promise<string> {
  await client.query('begin')
  try {
    const id = await decide(client, input)
    await client.query('commit')
    return id
  } catch (error) {
    await client.query('rollback')
    throw error
  }
}

async function decide(client: Client, input: InteractiveInput): Promise<string> {
  const locked = await lockBalance(client, input)
  await refuseKnownKey(client, input)
  const offer = await findOffer(client, input, locked)
  const windows = await readWindows(client, input, locked)
  refuseRates(offer, windows)
  const budgets = await readBudgets(client, input, locked)
  const estimated = offer.worstCase
  const over = budgets.find((budget) => budget.isHard && budget.used + budget.held + estimated > budget.limit)
  if (over !== undefined) throw new Error(`budget_exceeded: ${over.id}`)
  if (locked.balance - locked.reserved + locked.overdraft < estimated) throw new Error('insufficient_credits')

  const id = await insertHold(client, input, locked, offer, budgets)
  const due = new Date(locked.nowMs + leaseSeconds * 1_000)
  const dueFrom = locked.openHolds === 0 || due < locked.holdsDueFrom ? due : locked.holdsDueFrom
  await client.query(
    `update stipend.organization_credit_balances
     set reserved = reserved + $2::numeric, open_holds = open_holds + 1, holds_due_from = $3::timestamptz
     where organization_id = $1::text`,
    [input.organizationId, decimal(estimated), dueFrom],
  )
  await writeWindows(client, input, windows)
  for (const budget of budgets) {
    await client.query(
      `insert into stipend.budget_windows as w (organization_id, budget_id, window_start, held)
       values ($1::text, $2::uuid, $3::timestamptz, $4::numeric)
       on conflict (organization_id, budget_id, window_start) do update set held = w.held + excluded.held`,
      [input.organizationId, budget.id, budget.windowStart, decimal(estimated)],
    )
  }
  return id
}

async function insertHold(
  client: Client,
  input: InteractiveInput,
  locked: Locked,
  offer: Offer,
  budgets: readonly Budget[],
): Promise<string> {
  const id = randomUUID()
  const { organizationId, idempotencyKey, actor, subject } = input
  const { actorDigest: _, organizationId: __, idempotencyKey: ___, ...parameters } = input
  await client.query(
    `insert into stipend.credit_reservations (
       organization_id, id, idempotency_key, parameter_hash, offer_id, estimated_credits, held_credits,
       maximum_credits, input_credits, is_dispatched, lease_seconds, actor_type, actor_id, actor_digest,
       subject_type, subject_id, budget_ids, budget_windows, created_at, expires_at)
     values ($1::text, $2::uuid, $3::text, $4::bytea, $5::bigint, $6::numeric, $6::numeric, $6::numeric, $7::numeric,
       true, $8::integer, $9::text, $10::text, $11::bytea, $12::text, $13::text, $14::uuid[], $15::timestamptz[], $16::timestamptz,
       $16::timestamptz + $8::integer * interval '1 second')`,
    [
      organizationId,
      id,
      idempotencyKey,
      createHash('sha256').update(JSON.stringify(parameters)).digest(),
      offer.id,
      decimal(offer.worstCase),
      decimal(offer.inputCredits),
      leaseSeconds,
      actor.type,
      actor.id,
      input.actorDigest,
      subject.type,
      subject.id,
      budgets.map((budget) => budget.id),
      budgets.map((budget) => budget.windowStart),
      locked.now,
    ],
  )
  return id
}

async function writeWindows(
  client: Client,
  input: InteractiveInput,
  windows: readonly Window[],
): Promise<void> {
  await client.query(
    `insert into stipend.rate_windows (organization_id, capability, minute_bucket, minute_count, minute_previous,
       hour_bucket, hour_count, hour_previous, day_bucket, day_count, day_previous)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
     on conflict (organization_id, capability) do update
     set minute_bucket = excluded.minute_bucket, minute_count = excluded.minute_count,
       minute_previous = excluded.minute_previous, hour_bucket = excluded.hour_bucket,
       hour_count = excluded.hour_count, hour_previous = excluded.hour_previous,
       day_bucket = excluded.day_bucket, day_count = excluded.day_count, day_previous = excluded.day_previous`,
    [
      input.organizationId,
      input.capability,
      ...windows.flatMap(({ bucket, count, previous }) => [bucket, count + 1, previous]),
    ],
  )
}

function decimal(hundredthsOfCredits: number): string {
  return (hundredthsOfCredits / 100).toFixed(2)
}
