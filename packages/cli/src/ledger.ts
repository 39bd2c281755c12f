import { readFile } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { resolve } from 'node:path'
import {
  archiveLedger,
  createCheckpointKey,
  journalHead,
  readArchive,
  readCheckpointKey,
  verifyReceipt,
} from '@stipend/engine'
import type { Command } from 'commander'
import type { Pool } from 'pg'
import { parseSequence, parseTime } from './arguments.ts'
import { audited } from './audited.ts'
import { type Context, count, paint, print, remark } from './context.ts'
import { findDatabase, withEngine, withPool } from './database.ts'
import { CliError, EXIT_REFUSED } from './failure.ts'
import { readKeys } from './verify.ts'

const noKey =
  'There is no key: set STIPEND_CHECKPOINT_KEY (`stipend keys create` makes one), or give --public-key.'

/** Commands about what can be shown to others: the journal, archives, receipts and the key that they are signed with. */
export function addLedger(program: Command, context: Context, end: (exitCode: number) => void): void {
  const ledger = program.command('ledger').description('the ledger as a journal, and its old rows in files')
  ledger
    .command('export')
    .description('a plain-text double-entry journal, as hledger reads it')
    .argument('[organization]', 'its id; all by default')
    .addHelpText(
      'after',
      '\nExamples:\n  stipend ledger export > credits.journal && hledger -f credits.journal balance\n',
    )
    .action((organizationId: string | undefined) => exportLedger(context, organizationId))
  ledger
    .command('archive')
    .description('move rows below a signed checkpoint into files; the proof goes on from there')
    .argument('[organization]', 'its id; all by default')
    .requiredOption('--before <time>', 'ISO date or time with offset, at least 100 days ago', parseTime)
    .requiredOption('--directory <path>', 'where the files go')
    .option('--public-key <key...>', 'what older checkpoints are signed with, beside STIPEND_CHECKPOINT_KEY')
    .addHelpText('after', '\nExamples:\n  stipend ledger archive --before 2026-01-01 --directory ./archive\n')
    .action((organizationId: string | undefined, options: ArchiveOptions) =>
      archive(context, organizationId, options),
    )
  ledger
    .command('check-archive')
    .description('read the files of archives: each chain, and its last hash')
    .argument('<file...>', 'as ledger archive wrote them')
    .addHelpText('after', '\nExamples:\n  stipend ledger check-archive archive/*.jsonl.gz\n')
    .action(async (files: string[]) => end(await checkArchives(context, files)))

  const receipt = program.command('receipt').description('signed statements that a row is in the ledger')
  receipt
    .command('issue')
    .description('a receipt as JSON, signed with STIPEND_CHECKPOINT_KEY')
    .argument('<organization>', 'its id')
    .argument('<sequence>', 'of the transaction', parseSequence)
    .addHelpText('after', '\nExamples:\n  stipend receipt issue acme 118 > receipt.json\n')
    .action((organizationId: string, sequence: number) => issue(context, organizationId, sequence))
  receipt
    .command('verify')
    .description('check a receipt without a database')
    .argument('<file>', 'its JSON; - for standard input')
    .option('--public-key <key...>', 'what it is signed with, beside STIPEND_CHECKPOINT_KEY')
    .addHelpText('after', '\nExamples:\n  stipend receipt verify receipt.json --public-key MCowBQ…\n')
    .action(async (file: string, options: { publicKey?: string[] }) =>
      end(await verify(context, file, options.publicKey)),
    )

  const keys = program.command('keys').description('the key that checkpoints and receipts are signed with')
  keys
    .command('create')
    .description('a new pair: the private key for STIPEND_CHECKPOINT_KEY, the public one for everybody')
    .addHelpText('after', '\nExamples:\n  stipend keys create\n')
    .action(() => {
      const { privateKey, publicKey } = createCheckpointKey()
      print(context, `STIPEND_CHECKPOINT_KEY=${privateKey}`, `public key: ${publicKey}`)
      remark(
        context,
        'Keep the first outside the database and its backups; give the second to whoever wants to check.',
      )
    })
  keys
    .command('public')
    .description('the public half of STIPEND_CHECKPOINT_KEY')
    .addHelpText('after', '\nExamples:\n  stipend keys public\n')
    .action(async () => {
      const { checkpointKey } = context.environment
      if (checkpointKey === undefined) throw new CliError(noKey)
      print(context, (await readCheckpointKey(checkpointKey)).publicKey)
    })
}

interface ArchiveOptions {
  readonly before: Date
  readonly directory: string
  readonly publicKey?: readonly string[]
}

async function exportLedger(context: Context, organizationId: string | undefined): Promise<void> {
  await withEngine(context, async (engine) => {
    if (organizationId !== undefined) await engine.getOrganization(organizationId)
    const ids = organizationId === undefined ? await engine.listOrganizationIds() : [organizationId]
    await write(context, journalHead)
    for (const id of ids)
      for await (const entry of engine.proof.exportJournal(id)) await write(context, entry)
  })
}

/** Waits for a slow reader. */
async function write({ output }: Context, text: string): Promise<void> {
  if (output.write(text) || output.destroyed) return
  await new Promise((written) => {
    output.once('drain', written)
    output.once('close', written)
  })
}

async function archive(
  context: Context,
  organizationId: string | undefined,
  { before, directory, publicKey }: ArchiveOptions,
): Promise<void> {
  const { keys } = await readKeys(context, publicKey)
  if (keys === undefined) throw new CliError(noKey)
  const url = await findDatabase(context, 'migrations')
  const parameters = { before: before.toISOString(), directory }
  const work = async (owner: Pool) => {
    let rows = 0
    const input = {
      organizationId,
      before,
      directory: resolve(context.directory, directory),
      author: author(),
      keys,
    }
    for await (const range of archiveLedger(owner, input)) {
      rows += range.throughSequence - range.fromSequence + 1
      print(
        context,
        `${range.organizationId} #${range.fromSequence} to #${range.throughSequence} → ${range.file} (sha256 ${range.sha256})`,
      )
    }
    print(context, `${count(rows, 'transaction')} archived`)
  }
  await withEngine(context, (engine) =>
    audited(engine, { command: 'ledger archive', organizationId, parameters }, () => withPool(url, work)),
  )
}

async function checkArchives(context: Context, files: readonly string[]): Promise<number> {
  let isRight = true
  for (const file of files) {
    const { organizationId, fromSequence, throughSequence, checkpoint, hash, problem } = await readArchive(
      resolve(context.directory, file),
    )
    const rows = `${organizationId} #${fromSequence} to #${throughSequence}`
    const verdict =
      problem === null ? paint(context.output, 'green', 'right') : paint(context.output, 'red', problem)
    print(context, `${rows}: ${verdict}; checkpoint ${checkpoint} has to say ${hash}`)
    isRight &&= problem === null
  }
  return isRight ? 0 : EXIT_REFUSED
}

async function issue(context: Context, organizationId: string, sequence: number): Promise<void> {
  const { key } = await readKeys(context)
  if (key === undefined) throw new CliError(noKey)
  const receipt = await withEngine(context, (engine) =>
    engine.proof.issueReceipt({ organizationId, sequence }, key),
  )
  print(context, JSON.stringify(receipt, null, 2))
}

async function verify(
  context: Context,
  file: string,
  publicKey: readonly string[] | undefined,
): Promise<number> {
  const { keys } = await readKeys(context, publicKey)
  if (keys === undefined) throw new CliError(noKey)
  const text = await read(context, file)
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw new CliError(`${file} is no JSON: give the file that stipend receipt issue wrote.`)
  }
  const result = await verifyReceipt(value, keys)
  if (!result.isValid) {
    print(context, `${paint(context.output, ['bold', 'red'], 'not valid')}: ${result.reason}`)
    return EXIT_REFUSED
  }
  const { transaction, issuedAt, keyId } = result.receipt
  const { organizationId, sequence, type, amount, balanceAfter, createdAt } = transaction
  print(
    context,
    `${paint(context.output, 'green', 'valid')}: ${organizationId} #${sequence} ${type} ${amount} credits at ${createdAt}, balance after ${balanceAfter}`,
    `issued ${issuedAt}, signed with ${keyId}`,
  )
  return 0
}

async function read({ directory, input }: Context, file: string): Promise<string> {
  if (file !== '-') {
    return await readFile(resolve(directory, file), 'utf8').catch(() => {
      throw new CliError(`${file} cannot be read.`)
    })
  }
  return Buffer.concat(await input.toArray()).toString('utf8')
}

function author(): string {
  return userInfo().username
}
