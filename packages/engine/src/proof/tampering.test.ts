import { createTestDatabase } from '@stipend/testing'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { TestLedger } from '../../test/ledger.ts'
import { type CheckpointKey, createCheckpointKey, credits, readCheckpointKey } from '../index.ts'

// What somebody who owns the tables can do to the books, and how the proof finds it. Their tools are here as well: they
// take the trigger away, renumber, and compute hashes anew.

const ledger = new TestLedger(await createTestDatabase())
const { owner } = ledger.database
const organizationId = 'acme'
/** Rows up to here are in a checkpoint. */
let signed = 0
let last = 0
let key: CheckpointKey

const tables = [
  'credit_transactions',
  'organization_credit_balances',
  'credit_grants',
  'credit_sources',
  'credit_reservations',
  'budget_windows',
  'ledger_checkpoints',
  'ledger_checkpoint_heads',
]

beforeAll(async () => {
  key = await readCheckpointKey(createCheckpointKey().privateKey)
  const { engine } = ledger
  await engine.pushCatalog({ author: 'test' })
  await engine.putOrganization({ organizationId, name: 'Acme', plan: 'free' })
  await engine.putOrganization({ organizationId: 'globex', name: 'Globex', plan: 'pro' })
  await engine.putBudget({
    organizationId,
    scopeType: 'organization',
    period: 'month',
    limitCredits: credits(500),
  })
  await spendSome()
  await ledger.grant(organizationId, 40)
  await engine.adjustCredits({
    organizationId,
    credits: credits(-1.5),
    sourceId: 'fix-1',
    reason: 'Charged twice',
  })
  signed = (await sign()).at(-1) ?? 0
  await spendSome()
  await sign()
  signed = await lastSequence()
  await spendSome()
  last = await lastSequence()
  await owner.query('create schema saved')
  for (const table of tables) await owner.query(`create table saved.${table} as table stipend.${table}`)
})

afterEach(async () => {
  await owner.query('alter table stipend.credit_transactions disable trigger append_only')
  for (const table of tables) {
    const { rows } = await owner.query<{ names: string }>(
      `select string_agg(quote_ident(attname), ', ') as names from pg_attribute
       where attrelid = 'stipend.${table}'::regclass and attnum > 0 and not attisdropped and attgenerated = ''`,
    )
    const names = rows[0]?.names
    await owner.query(`delete from stipend.${table}`)
    await owner.query(`insert into stipend.${table} (${names}) select ${names} from saved.${table}`)
  }
  await owner.query('alter table stipend.credit_transactions enable trigger append_only')
  expect(await found({ isFull: true })).toEqual([])
  expect(await found()).toEqual([])
})

afterAll(async () => {
  await ledger.engine.close()
  await ledger.database[Symbol.asyncDispose]()
})

async function spendSome(): Promise<void> {
  for (const amount of [1.25, 2, 0.5]) {
    await ledger.engine.settleCredits({
      organizationId,
      reservationId: await ledger.hold(organizationId, 1, {
        actor: { type: 'member', id: 'u-1', name: 'Maya' },
        subject: { type: 'form', id: 'f-1' },
      }),
      actualCredits: credits(amount),
    })
  }
}

async function sign(): Promise<number[]> {
  const { checkpoint, problems } = await ledger.engine.proof.signCheckpoint(key)
  expect(problems).toEqual([])
  return [checkpoint?.number ?? 0]
}

async function lastSequence(): Promise<number> {
  const { rows } = await owner.query<{ sequence: number }>(
    'select ledger_sequence::integer as sequence from stipend.organization_credit_balances where organization_id = $1',
    [organizationId],
  )
  return rows[0]?.sequence ?? 0
}

/** Names of problems, each once; by default from the last checkpoint on. */
async function found(
  options: { isFull?: boolean; anchor?: { number: number; hash: string } } = {},
): Promise<string[]> {
  const { problems } = await ledger.engine.verifyLedger(undefined, { keys: [key], ...options })
  return [...new Set(problems.map(({ problem }) => problem))].sort()
}

/** As the owner, past the trigger and the constraints. */
async function tamper(...statements: string[]): Promise<void> {
  await owner.query('alter table stipend.credit_transactions disable trigger append_only')
  for (const statement of statements) await owner.query(statement)
  await owner.query('alter table stipend.credit_transactions enable trigger append_only')
}

/** Numbers the rows from 1, computes balances and hashes anew, and sets the balance row to match: a careful forger. */
async function rechain(): Promise<void> {
  await tamper(`
    do $$
    declare
      t stipend.credit_transactions;
      h bytea := sha256(convert_to('acme', 'UTF8'));
      n bigint := 0;
      b numeric := 0;
      p record;
    begin
      update stipend.credit_transactions set sequence = sequence + 1000 where organization_id = 'acme';
      for t in select * from stipend.credit_transactions where organization_id = 'acme' order by sequence loop
        update stipend.credit_sources set sequence = n + 1 where organization_id = 'acme' and source_id = t.source_id;
        update stipend.credit_reservations set sequence = n + 1, charged_credits = t.covered_amount - t.amount
        where organization_id = 'acme' and id = t.reservation_id;
        n := n + 1;
        b := b + t.amount;
        update stipend.credit_transactions set sequence = n, balance_after = b
        where organization_id = 'acme' and sequence = t.sequence returning * into t;
        h := stipend.transaction_hash(t, h);
        update stipend.credit_transactions set hash = h where organization_id = 'acme' and sequence = n;
      end loop;
      select sum(monthly_amount) as monthly, sum(bonus_amount) as bonus, -sum(debt_amount) as debt,
        sum(covered_amount - amount) filter (where reservation_id is not null) as used, max(created_at) as at
      into p from stipend.credit_transactions where organization_id = 'acme';
      update stipend.organization_credit_balances
      set ledger_sequence = n, ledger_hash = h, ledger_at = p.at, monthly_left = p.monthly, bonus = p.bonus, debt = p.debt,
        used_this_period = p.used
      where organization_id = 'acme';
      update stipend.budget_windows set used = p.used where organization_id = 'acme';
    end $$`)
}

const at = (sequence: number) => `organization_id = 'acme' and sequence = ${sequence}`

describe('an edited field', async () => {
  const { rows: columns } = await owner.query<{ name: string; type: string }>(
    `select attname as name, format_type(atttypid, null) as type from pg_attribute
     where attrelid = 'stipend.credit_transactions'::regclass and attnum > 0 and attgenerated = ''
       and attname not in ('organization_id', 'sequence')`,
  )
  const edited: Record<string, (column: string) => string> = {
    numeric: (column) => `coalesce(${column}, 0) + 0.01`,
    text: (column) => `coalesce(${column}, '') || 'x'`,
    'text[]': (column) => `${column} || 'x'::text`,
    jsonb: (column) => `coalesce(${column}, '{}') || '{"x": 1}'`,
    uuid: () => 'gen_random_uuid()',
    bytea: (column) => `coalesce(${column}, '') || '\\x00'`,
    'timestamp with time zone': (column) => `${column} - interval '1 microsecond'`,
  }

  test.each(columns)('$name: found before and after the checkpoint', async ({ name, type }) => {
    const expression = edited[type]?.(name)
    const constraint =
      'alter table stipend.credit_transactions drop constraint if exists credit_transactions_check'
    expect(expression, `how to edit a ${type}`).toBeDefined()
    await tamper(constraint, `update stipend.credit_transactions set ${name} = ${expression} where ${at(2)}`)
    expect(await found({ isFull: true })).toContain('hash')
    await tamper(`update stipend.credit_transactions set ${name} = ${expression} where ${at(signed + 2)}`)
    expect(await found()).toContain('hash')
  })

  test('with its own hash computed anew breaks the next one', async () => {
    await tamper(
      `update stipend.credit_transactions set reason = 'edited' where ${at(2)}`,
      `update stipend.credit_transactions t set hash = stipend.transaction_hash(t, p.hash)
       from stipend.credit_transactions p
       where p.organization_id = 'acme' and p.sequence = 1 and t.organization_id = 'acme' and t.sequence = 2`,
    )
    expect(await found({ isFull: true })).toEqual(['hash'])
  })
})

describe('a careful forger, who computes the whole chain anew, is found by the checkpoints', () => {
  const forgeries: Record<string, string[]> = {
    'an edited charge': [
      `update stipend.credit_transactions set amount = amount + 1, monthly_amount = monthly_amount + 1 where ${at(4)}`,
    ],
    'an edited reason': [`update stipend.credit_transactions set reason = 'another' where ${at(3)}`],
    'the first row deleted': [
      'alter table stipend.organization_credit_balances drop constraint organization_credit_balances_check',
      `delete from stipend.credit_transactions where ${at(1)}`,
    ],
    'a row deleted in the middle': [`delete from stipend.credit_transactions where ${at(4)}`],
    'an inserted row': [
      `insert into stipend.credit_transactions (organization_id, sequence, type, amount, monthly_amount, bonus_amount,
         debt_amount, covered_amount, balance_after, effective_at, created_at, hash)
       select 'acme', 900, 'admin_adjustment', 5, 0, 5, 0, 0, 0, effective_at, created_at, ''
       from stipend.credit_transactions where ${at(3)}`,
      `update stipend.credit_transactions set sequence = sequence + 1000 where organization_id = 'acme' and sequence between 4 and 899`,
    ],
    'two rows that have changed places': [
      `update stipend.credit_transactions set sequence = case sequence when 3 then 4 else 3 end + 2000
       where organization_id = 'acme' and sequence in (3, 4)`,
      `update stipend.credit_transactions set sequence = sequence + 4000 where organization_id = 'acme' and sequence between 5 and 999`,
      `update stipend.credit_transactions set sequence = sequence - 2000 where organization_id = 'acme' and sequence between 2003 and 2004`,
    ],
    'a row that is another organization’s': [
      `delete from stipend.credit_transactions where ${at(2)}`,
      `insert into stipend.credit_transactions (organization_id, sequence, type, amount, monthly_amount, bonus_amount,
         debt_amount, covered_amount, balance_after, source_id, effective_at, created_at, hash)
       select 'acme', 2, type, amount, monthly_amount, bonus_amount, debt_amount, covered_amount, balance_after, source_id,
         effective_at, created_at, hash from stipend.credit_transactions where organization_id = 'globex' limit 1`,
    ],
  }

  test.each(Object.entries(forgeries))('%s', async (_, statements) => {
    await tamper(...statements)
    await rechain()
    expect(await found({ isFull: true })).toContain('checkpoint')
    expect(await found()).toContain('checkpoint')
  })

  test('all rows after the first checkpoint cut off', async () => {
    await tamper(`delete from stipend.credit_transactions where organization_id = 'acme' and sequence > 4`)
    await rechain()
    expect(await found()).toContain('checkpoint')
  })

  test('who edits the heads as well is found by their list', async () => {
    await tamper(`update stipend.credit_transactions set reason = 'another' where ${at(3)}`)
    await rechain()
    await tamper(`update stipend.ledger_checkpoint_heads h set hash = t.hash from stipend.credit_transactions t
      where t.organization_id = h.organization_id and t.sequence = h.sequence`)
    expect(await found({ isFull: true })).toContain('checkpoint_heads')
    expect(await found()).toContain('checkpoint_heads')
  })

  test('who signs it all with another key is found by the signature', async () => {
    const another = await readCheckpointKey(createCheckpointKey().privateKey)
    await tamper(`update stipend.credit_transactions set reason = 'another' where ${at(3)}`)
    await rechain()
    await tamper('delete from stipend.ledger_checkpoint_heads', 'delete from stipend.ledger_checkpoints')
    await ledger.engine.proof.signCheckpoint(another)
    expect(await found()).toContain('checkpoint_signature')
  })
})

describe('checkpoints', () => {
  test('a deleted one leaves a gap', async () => {
    await tamper('delete from stipend.ledger_checkpoints where number = 1')
    expect(await found()).toContain('checkpoint_gap')
  })

  test.each([
    ['heads_digest', "sha256('')", 'checkpoint_token'],
    ['organizations', 'organizations + 1', 'checkpoint_token'],
    ['created_at', "created_at - interval '1 day'", 'checkpoint_token'],
    ['token', "token || 'x'", 'checkpoint_hash'],
    ['previous_hash', "sha256('x')", 'checkpoint_chain'],
  ])('an edited %s', async (column, value, problem) => {
    await tamper(`update stipend.ledger_checkpoints set ${column} = ${value} where number = 2`)
    expect(await found()).toContain(problem)
  })

  test.each(['sequence = sequence - 1', 'bonus = bonus + 1', "period_start = period_start - interval '1 s'"])(
    'an edited head: %s',
    async (change) => {
      await tamper(`update stipend.ledger_checkpoint_heads set ${change} where checkpoint = 2`)
      expect(await found()).toContain('checkpoint_heads')
    },
  )

  test('a removed head, and one that was never signed', async () => {
    await tamper(
      `delete from stipend.ledger_checkpoint_heads where checkpoint = 1 and organization_id = 'acme'`,
    )
    expect(await found({ isFull: true })).toContain('checkpoint_heads')
    await tamper(`insert into stipend.ledger_checkpoint_heads
      select 'nobody', 2, sequence, hash, monthly_left, bonus, debt, used_this_period, period_start, ledger_at
      from stipend.ledger_checkpoint_heads where organization_id = 'globex'`)
    expect(await found()).toContain('checkpoint_heads')
  })

  test('the last one taken away with the rows since the one before: found by a checkpoint noted elsewhere', async () => {
    const latest = await ledger.engine.proof.latestCheckpoint()
    const anchor = { number: latest?.number ?? 0, hash: latest?.hash ?? '' }
    expect(await found({ anchor })).toEqual([])
    await tamper(
      'delete from stipend.ledger_checkpoint_heads where checkpoint = 2',
      'delete from stipend.ledger_checkpoints where number = 2',
      `update stipend.credit_transactions set reason = 'another' where ${at(signed)}`,
    )
    await rechain()
    expect(await found({ isFull: true })).toEqual([])
    expect(await found({ isFull: true, anchor })).toEqual(['checkpoint_anchor'])
  })

  test('rows since the last one can be forged by an owner, until the next one', async () => {
    await tamper(`update stipend.credit_transactions set reason = 'another' where ${at(last)}`)
    await rechain()
    expect(await found({ isFull: true })).toEqual([])
  })

  test('an organization that has gone is missed', async () => {
    await tamper(
      `delete from stipend.credit_transactions where organization_id = 'globex'`,
      `delete from stipend.credit_sources where organization_id = 'globex'`,
      `delete from stipend.credit_grants where organization_id = 'globex'`,
      `delete from stipend.organization_credit_balances where organization_id = 'globex'`,
    )
    expect(await found()).toEqual(['organization'])
  })
})

describe('beside the ledger', () => {
  test.each([
    ['organization_credit_balances', 'monthly_left = monthly_left + 1', 'monthly_left'],
    ['organization_credit_balances', 'bonus = bonus + 1', 'bonus'],
    ['organization_credit_balances', 'used_this_period = used_this_period - 0.25', 'used_this_period'],
    ['organization_credit_balances', 'reserved = reserved + 1', 'reserved'],
    ['organization_credit_balances', "ledger_hash = sha256('x')", 'head'],
    ['organization_credit_balances', "next_due_at = next_due_at + interval '1 year'", 'next_due_at'],
    ['credit_grants', 'remaining = remaining - 1', 'grants'],
    ['credit_sources', 'credits = credits + 1', 'source'],
    ['credit_reservations', 'charged_credits = charged_credits + 1', 'reservation_charge'],
    ['budget_windows', 'used = used - 1', 'budget_used'],
  ])('%s: %s', async (table, change, problem) => {
    await tamper(`update stipend.${table} set ${change} where organization_id = 'acme'`)
    expect(await found({ isFull: true })).toContain(problem)
    const isLeftToTheWholeProof = ['budget_used', 'source'].includes(problem)
    expect((await found()).includes(problem)).toBe(!isLeftToTheWholeProof)
  })

  test('a source or its row taken away', async () => {
    await tamper(`delete from stipend.credit_sources where organization_id = 'acme' and source_id = 'fix-1'`)
    expect(await found({ isFull: true })).toEqual(['source'])
  })

  test('a function that would prove anything, one too many, and the trigger switched off', async () => {
    const { rows } = await owner.query<{ definition: string }>(
      `select pg_get_functiondef('stipend.verify_ledger(text, bigint)'::regprocedure) as definition`,
    )
    await owner.query(`create or replace function stipend.verify_ledger(p_organization_id text, p_from bigint default null)
      returns table (problem text, sequence bigint, expected text, found text) language sql stable
      as $$ select null::text, null::bigint, null::text, null::text where false $$`)
    await owner.query('alter table stipend.credit_transactions disable trigger append_only')
    const { problems } = await ledger.engine.verifyLedger('acme')
    expect(problems).toEqual([
      {
        organizationId: null,
        problem: 'function',
        sequence: null,
        expected: 'verify_ledger as installed',
        found: 'changed',
      },
      {
        organizationId: null,
        problem: 'trigger',
        sequence: null,
        expected: 'credit_transactions.append_only as installed',
        found: 'disabled',
      },
    ])
    await owner.query(rows[0]?.definition ?? '')
  })
})
