import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { mkdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip, createGzip } from 'node:zlib'
import type { Pool, PoolClient } from 'pg'
import { toStipendError } from '../database-error.ts'
import { invalid } from '../errors.ts'
import { requireText } from '../validate.ts'
import type { CheckpointKey } from './checkpoint-key.ts'
import { verifyCheckpoints } from './checkpoints.ts'
import { accountName } from './journal.ts'

/** Reservations are kept 90 days, and may be settled late as long: their rows stay. */
const youngestDays = 100
const rowsPerFile = 100_000
const rowsPerRead = 2_000

export interface ArchiveInput {
  /** Default: all. */
  organizationId?: string | undefined
  /** Rows up to the last checkpoint before this moment; at least 100 days ago. */
  before: Date
  /** Where the files go. */
  directory: string
  /** Who does it. */
  author: string
  /** What checkpoints are signed with. */
  keys: readonly CheckpointKey[]
}

/** Rows that are now in a file. */
export interface ArchivedRange {
  organizationId: string
  fromSequence: number
  throughSequence: number
  file: string
  /** Of the file, hexadecimal. */
  sha256: string
}

interface Candidate {
  organizationId: string
  /** Rows up to here are archived already. */
  archived: string
  sequence: string
  checkpoint: string
  hash: string
  token: string
}

/** The first line of an archive's file; each further one is the record of a row, see transaction_record(). */
interface ArchiveHeader {
  format: 'stipend-ledger-archive/1'
  organizationId: string
  fromSequence: number
  throughSequence: number
  /** Of the row before the first, and of the last. */
  previousHash: string
  hash: string
  checkpoint: number
}

/**
 * Moves old rows into files, up to heads of checkpoints whose signature holds: writes and re-reads the file, then takes the
 * rows away. The heads stay, so that the proof goes on from them. The pool signs in as the tables' owner.
 * @throws StipendError invalid_request; forbidden: not the owner
 */
export async function* archiveLedger(owner: Pool, input: ArchiveInput): AsyncGenerator<ArchivedRange> {
  if (!(input.before.getTime() <= Date.now() - youngestDays * 86_400_000)) {
    throw invalid('before', `must be at least ${youngestDays} days ago`)
  }
  const author = requireText('author', input.author)
  const proof = await verifyCheckpoints(owner, input.keys, {
    organizationId: input.organizationId,
    isFull: true,
  })
  const [problem] = proof.problems
  if (problem !== undefined) {
    throw invalid(
      'keys',
      `checkpoint ${problem.sequence} does not hold (${problem.problem}): run \`stipend verify --full\``,
    )
  }
  await mkdir(input.directory, { recursive: true })
  let after = ''
  for (;;) {
    const candidate = await nextCandidate(owner, input, after)
    if (candidate === undefined) return
    const range = await archiveRange(owner, candidate, input.directory, author)
    yield range
    // The same organization may have more; ids before it are done.
    after = candidate.organizationId
  }
}

async function nextCandidate(
  owner: Pool,
  input: ArchiveInput,
  after: string,
): Promise<Candidate | undefined> {
  const { rows } = await owner
    .query<Candidate>(
      `select b.organization_id as "organizationId", coalesce(a.archived, 0) as archived, h.sequence, h.checkpoint,
         encode(h.hash, 'hex') as hash, c.token
       from stipend.organization_credit_balances b
       cross join lateral (
         select max(x.through_sequence) as archived from stipend.ledger_archives x where x.organization_id = b.organization_id
       ) a
       cross join lateral (
         (select x.* from stipend.ledger_checkpoint_heads x
          where x.organization_id = b.organization_id and x.ledger_at < $2::timestamptz and x.ledger_at < b.period_start
            and x.sequence > coalesce(a.archived, 0) and x.sequence <= coalesce(a.archived, 0) + $4::bigint
          order by x.sequence desc limit 1)
         union all
         (select x.* from stipend.ledger_checkpoint_heads x
          where x.organization_id = b.organization_id and x.ledger_at < $2::timestamptz and x.ledger_at < b.period_start
            and x.sequence > coalesce(a.archived, 0)
          order by x.sequence limit 1)
         limit 1
       ) h
       join stipend.ledger_checkpoints c on c.number = h.checkpoint
       where ($1::text is null or b.organization_id = $1) and b.organization_id >= $3::text
       order by b.organization_id limit 1`,
      [input.organizationId ?? null, input.before, after, rowsPerFile],
    )
    .catch(fail)
  return rows[0]
}

async function archiveRange(
  owner: Pool,
  candidate: Candidate,
  directory: string,
  author: string,
): Promise<ArchivedRange> {
  const { organizationId } = candidate
  const [from, through] = [Number(candidate.archived) + 1, Number(candidate.sequence)]
  const file = join(directory, `${accountName(organizationId)}.${from}-${through}.jsonl.gz`)
  const client = await owner.connect().catch(fail)
  let isBroken = false
  try {
    await client.query('begin')
    await client.query(
      'select from stipend.organization_credit_balances where organization_id = $1 for update',
      [organizationId],
    )
    const sha256 = await writeFile(client, candidate, file, from, through)
    await client.query(
      `insert into stipend.ledger_archives (organization_id, through_sequence, from_sequence, checkpoint, file_sha256, archived_by)
       values ($1, $2, $3, $4, decode($5, 'hex'), $6)`,
      [organizationId, through, from, candidate.checkpoint, sha256, author],
    )
    await client.query("set local stipend.is_archiving = 'on'")
    await client.query(
      'delete from stipend.credit_transactions where organization_id = $1 and sequence between $2 and $3',
      [organizationId, from, through],
    )
    await client.query('commit')
    return { organizationId, fromSequence: from, throughSequence: through, file, sha256 }
  } catch (error) {
    await client.query('rollback').catch(() => {
      isBroken = true
    })
    await rm(file, { force: true })
    return fail(error)
  } finally {
    client.release(isBroken)
  }
}

/** Writes the rows, reads the file again, and answers its digest. */
async function writeFile(
  client: PoolClient,
  candidate: Candidate,
  file: string,
  from: number,
  through: number,
): Promise<string> {
  const { organizationId, hash, checkpoint } = candidate
  const previousHash = await hashBefore(client, organizationId, from)
  const header: ArchiveHeader = {
    format: 'stipend-ledger-archive/1',
    organizationId,
    fromSequence: from,
    throughSequence: through,
    previousHash,
    hash,
    checkpoint: Number(checkpoint),
  }
  const lines = async function* () {
    yield `${JSON.stringify(header)}\n`
    let previous = previousHash
    for (let after = from - 1; after < through; after += rowsPerRead) {
      const { rows } = await client.query<{ record: string; hash: string }>(
        `select stipend.transaction_record(t, coalesce(lag(t.hash) over (order by t.sequence), decode($4, 'hex'))) as record,
           encode(t.hash, 'hex') as hash
         from stipend.credit_transactions t
         where t.organization_id = $1 and t.sequence > $2 and t.sequence <= least($2 + ${rowsPerRead}, $3)
         order by t.sequence`,
        [organizationId, after, through, previous],
      )
      for (const row of rows) {
        previous = row.hash
        yield `${row.record}\n`
      }
    }
  }
  const partial = `${file}.partial`
  await pipeline(Readable.from(lines()), createGzip(), createWriteStream(partial, { mode: 0o600 }))
  const found = await readArchive(partial)
  if (found.problem !== null) {
    await rm(partial, { force: true })
    throw invalid(
      'organizationId',
      `${organizationId} cannot be archived: ${found.problem}; run \`stipend verify --full\``,
    )
  }
  await rename(partial, file)
  return found.sha256
}

async function hashBefore(client: PoolClient, organizationId: string, from: number): Promise<string> {
  const { rows } = await client.query<{ hash: string }>(
    `select encode(coalesce(
       (select h.hash from stipend.ledger_checkpoint_heads h
        where h.organization_id = $1 and h.sequence = $2::bigint - 1 limit 1),
       sha256(convert_to($1, 'UTF8'))), 'hex') as hash`,
    [organizationId, from],
  )
  return rows[0]?.hash ?? ''
}

export interface ArchiveReading {
  organizationId: string
  fromSequence: number
  throughSequence: number
  checkpoint: number
  /** Of the last row: what the checkpoint's head says. */
  hash: string
  /** Of the file. */
  sha256: string
  /** What is wrong; null: each row's hash is of its record and in the next, gapless, up to the header's hash. */
  problem: string | null
}

/** Reads an archive's file without a database. @throws StipendError invalid_request: it is none */
export async function readArchive(file: string): Promise<ArchiveReading> {
  const digest = createHash('sha256')
  const source = createReadStream(file)
  source.on('data', (chunk) => digest.update(chunk))
  const gunzip = createGunzip()
  const done = pipeline(source, gunzip, async (lines) => await readLines(lines as unknown as Readable))
  const reading = await done.catch((error: unknown) => {
    throw error instanceof Error && 'code' in error && error.code === 'ENOENT'
      ? invalid('file', `${file} does not exist`)
      : invalid('file', 'must be a file that `stipend ledger archive` has written')
  })
  return { ...reading, sha256: digest.digest('hex') }
}

async function readLines(input: Readable): Promise<Omit<ArchiveReading, 'sha256'>> {
  let header: ArchiveHeader | null = null
  let previous = ''
  let sequence = 0
  let problem: string | null = null
  for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
    if (header === null) {
      header = JSON.parse(line) as ArchiveHeader
      if (header.format !== 'stipend-ledger-archive/1') throw new Error('another format')
      previous = header.previousHash
      sequence = header.fromSequence - 1
      continue
    }
    const fields = JSON.parse(line) as unknown[]
    sequence += 1
    if (fields[1] !== header.organizationId) problem ??= `row ${sequence} is of another organization`
    if (fields[2] !== sequence) problem ??= `row ${sequence} is missing`
    if (fields.at(-1) !== previous) problem ??= `row ${sequence} does not follow from the one before it`
    previous = createHash('sha256').update(line, 'utf8').digest('hex')
  }
  if (header === null) throw new Error('empty')
  if (sequence !== header.throughSequence) problem ??= `it ends with row ${sequence}`
  if (previous !== header.hash) problem ??= `its last hash is not the checkpoint's`
  const { organizationId, fromSequence, throughSequence, checkpoint, hash } = header
  return { organizationId, fromSequence, throughSequence, checkpoint, hash, problem }
}

function fail(error: unknown): never {
  throw toStipendError(error)
}
