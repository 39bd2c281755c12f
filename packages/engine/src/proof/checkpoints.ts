import { createHash } from 'node:crypto'
import type { Pool } from 'pg'
import { queryRow } from '../database.ts'
import { readAsOperator } from '../reading.ts'
import type { LedgerProblem } from '../verify.ts'
import { type CheckpointKey, readToken } from './checkpoint-key.ts'

const tokenType = 'stipend-checkpoint+jws'
/** Organizations in one checkpoint; more become more checkpoints. */
const headsPerCheckpoint = 10_000

/** A signed list of where ledgers stood. */
export interface Checkpoint {
  number: number
  /** sha256 of its token, hexadecimal: kept elsewhere, it pins down everything up to it. */
  hash: string
  organizations: number
  keyId: string
  createdAt: Date
}

/** Where an organization's ledger stood; amounts in hundredths, times in UTC microseconds, hash in hexadecimal. */
export interface LedgerHead {
  organizationId: string
  sequence: number
  hash: string
  monthly: string
  bonus: string
  debt: string
  used: string
  periodStart: string
  ledgerAt: string
}

interface CheckpointPayload {
  number: number
  previous: string
  heads: string
  organizations: number
  at: string
}

const columns = `c.number::integer, encode(c.previous_hash, 'hex') as previous, encode(c.hash, 'hex') as hash, c.organizations,
  encode(c.heads_digest, 'hex') as heads, c.key_id, c.token, c.created_at`

interface CheckpointRow {
  number: number
  previous: string
  hash: string
  organizations: number
  heads: string
  key_id: string
  token: string
  created_at: Date
}

const nothing = createHash('sha256').digest('hex')

/** The newest checkpoint; null: there is none. */
export async function latestCheckpoint(pool: Pool): Promise<Checkpoint | null> {
  const row = await latestRow(pool)
  return row === undefined ? null : toCheckpoint(row)
}

/** Ledgers that have moved since their last head, at most `limit`, after an organization by id. */
export async function listMovedHeads(
  pool: Pool,
  after = '',
  limit = headsPerCheckpoint,
): Promise<(LedgerHead & { trustedSequence: number | null })[]> {
  const rows = await readAsOperator<{
    organization_id: string
    sequence: string
    hash: string
    monthly_left: string
    bonus: string
    debt: string
    used_this_period: string
    period_start: string
    ledger_at: string
    trusted_sequence: string | null
  }>(pool, 'select * from stipend.moved_heads($1::text, $2::integer)', [after, limit])
  return rows.map((row) => ({
    organizationId: row.organization_id,
    sequence: Number(row.sequence),
    hash: row.hash,
    monthly: row.monthly_left,
    bonus: row.bonus,
    debt: row.debt,
    used: row.used_this_period,
    periodStart: row.period_start,
    ledgerAt: row.ledger_at,
    trustedSequence: row.trusted_sequence === null ? null : Number(row.trusted_sequence),
  }))
}

/** Signs heads as the next checkpoint. */
export async function addCheckpoint(
  pool: Pool,
  key: CheckpointKey,
  heads: readonly LedgerHead[],
): Promise<Checkpoint> {
  if (key.sign === null) throw new Error('A public key cannot sign.')
  for (;;) {
    const last = await latestRow(pool)
    const createdAt = new Date()
    const payload: CheckpointPayload = {
      number: (last?.number ?? 0) + 1,
      previous: last?.hash ?? nothing,
      heads: digestOf(heads),
      organizations: heads.length,
      at: createdAt.toISOString(),
    }
    const token = await key.sign(payload, tokenType)
    const hash = sha256(token)
    const list = (field: keyof LedgerHead) => heads.map((head) => head[field])
    const { added } = await queryRow<{ added: boolean }>(
      pool,
      `select stipend.add_checkpoint($1::bigint, decode($2, 'hex'), decode($3, 'hex'), decode($4, 'hex'), $5::text, $6::text,
         $7::timestamptz, $8::text[], $9::bigint[], $10::text[], $11::bigint[], $12::bigint[], $13::bigint[], $14::bigint[],
         $15::bigint[], $16::bigint[]) as added`,
      [
        payload.number,
        payload.previous,
        hash,
        payload.heads,
        key.keyId,
        token,
        createdAt,
        list('organizationId'),
        list('sequence'),
        list('hash'),
        list('monthly'),
        list('bonus'),
        list('debt'),
        list('used'),
        list('periodStart'),
        list('ledgerAt'),
      ],
    )
    if (added) {
      return { number: payload.number, hash, organizations: heads.length, keyId: key.keyId, createdAt }
    }
  }
}

export interface CheckpointProof {
  /** The newest; null: there is none. */
  latest: Checkpoint | null
  problems: LedgerProblem[]
  /** The newest head of each organization whose checkpoint's signature and list hold. */
  heads: Map<string, { sequence: number; checkpoint: number }>
}

/** A checkpoint that was kept outside the database. */
export interface CheckpointAnchor {
  number: number
  hash: string
}

/**
 * Checks the checkpoints: numbers without a gap, each naming the one before, and for those that the proof of the ledgers
 * begins from (`isFull`: all) their signature and their list of heads.
 */
export async function verifyCheckpoints(
  pool: Pool,
  keys: readonly CheckpointKey[],
  options: {
    organizationId?: string | undefined
    isFull?: boolean
    anchor?: CheckpointAnchor | undefined
  } = {},
): Promise<CheckpointProof> {
  const rows = await readAsOperator<CheckpointRow>(
    pool,
    `select ${columns} from stipend.ledger_checkpoints c order by c.number`,
  )
  const problems = chainProblems(rows)
  const latest = rows.at(-1)
  const { anchor } = options
  const anchored = rows.find(({ number }) => number === anchor?.number)
  if (anchor !== undefined && anchored?.hash !== anchor.hash) {
    problems.push(problem('checkpoint_anchor', anchor.number, anchor.hash, anchored?.hash ?? null))
  }
  const newest = await newestHeads(pool, options.organizationId)
  const needed = new Set(newest.map(({ checkpoint }) => checkpoint))
  const trusted = new Set<number>()
  for (const row of rows) {
    if (options.isFull !== true && !needed.has(row.number)) continue
    const found = await checkpointProblem(pool, keys, row)
    if (found === null) trusted.add(row.number)
    else problems.push(found)
  }
  return {
    latest: latest === undefined ? null : toCheckpoint(latest),
    problems,
    heads: new Map(
      newest
        .filter(({ checkpoint }) => trusted.has(checkpoint))
        .map(({ organizationId, ...head }) => [organizationId, head]),
    ),
  }
}

function chainProblems(rows: readonly CheckpointRow[]): LedgerProblem[] {
  const problems: LedgerProblem[] = []
  let before: Pick<CheckpointRow, 'number' | 'hash'> = { number: 0, hash: nothing }
  for (const row of rows) {
    if (row.number !== before.number + 1) {
      problems.push(problem('checkpoint_gap', row.number, String(before.number + 1), String(row.number)))
    } else if (row.previous !== before.hash) {
      problems.push(problem('checkpoint_chain', row.number, before.hash, row.previous))
    }
    if (sha256(row.token) !== row.hash) {
      problems.push(problem('checkpoint_hash', row.number, sha256(row.token), row.hash))
    }
    before = row
  }
  return problems
}

/** What is wrong with one: its signature, what the row says beside it, or its list. */
async function checkpointProblem(
  pool: Pool,
  keys: readonly CheckpointKey[],
  row: CheckpointRow,
): Promise<LedgerProblem | null> {
  const token = await readToken(row.token, keys, tokenType)
  if (token === null)
    return problem('checkpoint_signature', row.number, 'a signature of a given key', row.key_id)
  const signed: unknown[] = Object.values(token.payload as CheckpointPayload)
  const stored = [row.number, row.previous, row.heads, row.organizations, row.created_at.toISOString()]
  if (JSON.stringify(signed) !== JSON.stringify(stored)) {
    return problem('checkpoint_token', row.number, JSON.stringify(signed), JSON.stringify(stored))
  }
  const digest = digestOf(await headsOf(pool, row.number))
  return digest === row.heads ? null : problem('checkpoint_heads', row.number, row.heads, digest)
}

async function headsOf(pool: Pool, checkpoint: number): Promise<LedgerHead[]> {
  return await readAsOperator<LedgerHead>(
    pool,
    `select organization_id as "organizationId", sequence::integer, encode(hash, 'hex') as hash,
       (monthly_left * 100)::bigint::text as monthly, (bonus * 100)::bigint::text as bonus,
       (debt * 100)::bigint::text as debt, (used_this_period * 100)::bigint::text as used,
       (extract(epoch from period_start) * 1000000)::bigint::text as "periodStart",
       (extract(epoch from ledger_at) * 1000000)::bigint::text as "ledgerAt"
     from stipend.ledger_checkpoint_heads where checkpoint = $1::bigint`,
    [checkpoint],
  )
}

async function newestHeads(
  pool: Pool,
  organizationId: string | undefined,
): Promise<{ organizationId: string; sequence: number; checkpoint: number }[]> {
  return await readAsOperator(
    pool,
    `select distinct on (organization_id) organization_id as "organizationId", sequence::integer, checkpoint::integer
     from stipend.ledger_checkpoint_heads
     where $1::text is null or organization_id = $1
     order by organization_id, checkpoint desc`,
    [organizationId ?? null],
  )
}

async function latestRow(pool: Pool): Promise<CheckpointRow | undefined> {
  const [row] = await readAsOperator<CheckpointRow>(
    pool,
    `select ${columns} from stipend.ledger_checkpoints c order by c.number desc limit 1`,
  )
  return row
}

function toCheckpoint(row: CheckpointRow): Checkpoint {
  return {
    number: row.number,
    hash: row.hash,
    organizations: row.organizations,
    keyId: row.key_id,
    createdAt: row.created_at,
  }
}

/** sha256 over a line a head, by organization: a JSON array of its fields in fixed order. */
function digestOf(heads: readonly LedgerHead[]): string {
  const lines = heads
    .map((head) =>
      JSON.stringify([
        head.organizationId,
        head.sequence,
        head.hash,
        head.monthly,
        head.bonus,
        head.debt,
        head.used,
        head.periodStart,
        head.ledgerAt,
      ]),
    )
    .sort()
  return sha256(lines.join('\n'))
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

function problem(name: string, number: number, expected: string, found: string | null): LedgerProblem {
  return { organizationId: null, problem: name, sequence: number, expected, found }
}
