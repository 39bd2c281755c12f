import {
  type CheckpointAnchor,
  type CheckpointKey,
  type Engine,
  type LedgerVerification,
  readCheckpointKey,
  readCheckpointPublicKey,
  type SignedCheckpoint,
} from '@stipend/engine'
import { type Command, InvalidArgumentError } from 'commander'
import { type Context, count, paint, print, remark, table } from './context.ts'
import { withEngine } from './database.ts'
import { CliError, EXIT_FAILED, EXIT_REFUSED, failureOf } from './failure.ts'

const REDRAW_MS = 80
const SHOWN_CHARACTERS = 24

interface Options {
  readonly full?: true
  readonly publicKey?: readonly string[]
  readonly anchor?: CheckpointAnchor
  readonly json?: true
}

export function addVerify(program: Command, context: Context, end: (exitCode: number) => void): void {
  program
    .command('verify')
    .description('prove the books: chain, sequence, balances, grants, holds, budgets, checkpoints')
    .argument('[organization]', 'its id; all by default')
    .option('--full', 'every row from the first, also where a signed checkpoint vouches for the older ones')
    .option('--public-key <key...>', 'what checkpoints are signed with, beside STIPEND_CHECKPOINT_KEY')
    .option(
      '--anchor <number:hash>',
      'a checkpoint noted elsewhere: it has to be there as it was',
      parseAnchor,
    )
    .option('--json', 'as JSON')
    .addHelpText(
      'after',
      `
Exits 0 when the books are right, 1 when they are not, 2 when they could not be read.
With STIPEND_CHECKPOINT_KEY or --public-key, checkpoints' signatures are checked and rows before them are not read again;
with STIPEND_CHECKPOINT_KEY a new checkpoint is signed where the books are right. Without a key every row is read.

Examples:
  stipend verify
  stipend verify --full --anchor 412:9c1f…
  stipend verify acme --json
`,
    )
    .action(async (organizationId: string | undefined, options: Options) =>
      end(await verify(context, organizationId, options)),
    )
}

async function verify(
  context: Context,
  organizationId: string | undefined,
  options: Options,
): Promise<number> {
  const isJson = options.json ?? false
  const { key, keys } = await readKeys(context, options.publicKey)
  const progress = isJson ? null : new Progress(context)
  const { found, signed } = await withEngine(context, async (engine) => {
    const isUnsigned = keys === undefined && (await engine.proof.latestCheckpoint()) !== null
    if (isUnsigned)
      remark(context, 'Checkpoints are not looked at: set STIPEND_CHECKPOINT_KEY or give --public-key.')
    const { full: isFull, anchor } = options
    if (anchor !== undefined && keys === undefined) {
      throw new CliError('--anchor needs a key: set STIPEND_CHECKPOINT_KEY or give --public-key.')
    }
    const found = await engine
      .verifyLedger(organizationId, {
        keys,
        isFull,
        anchor,
        onProgress: (done, all) => progress?.show(done, all),
      })
      .finally(() => progress?.clear())
    return { found, signed: await sign(engine, found, key, organizationId) }
  }).catch((error: unknown) => {
    // 1 says that the books were read and are wrong.
    throw new CliError(failureOf(error).message ?? String(error), EXIT_FAILED, error)
  })
  if (isJson)
    print(context, JSON.stringify({ ...found, checkpoint: signed?.checkpoint ?? found.checkpoint }, null, 2))
  else show(context, found, signed)
  return found.problems.length === 0 ? 0 : EXIT_REFUSED
}

/** Where the books of all are right. */
async function sign(
  engine: Engine,
  found: LedgerVerification,
  key: CheckpointKey | undefined,
  organizationId: string | undefined,
): Promise<SignedCheckpoint | null> {
  if (key === undefined || organizationId !== undefined || found.problems.length > 0) return null
  let signed = await engine.proof.signCheckpoint(key)
  while (!signed.isDone) signed = await engine.proof.signCheckpoint(key)
  return signed
}

/** The environment's key and those given; undefined: none. */
export async function readKeys(
  context: Context,
  publicKeys: readonly string[] = [],
): Promise<{ key: CheckpointKey | undefined; keys: CheckpointKey[] | undefined }> {
  const { checkpointKey } = context.environment
  // A key that is none is wrong usage, not an answer.
  const refuse = (error: unknown) => {
    throw new CliError(failureOf(error).message ?? String(error), EXIT_FAILED, error)
  }
  const key = checkpointKey === undefined ? undefined : await readCheckpointKey(checkpointKey).catch(refuse)
  const others = await Promise.all(
    publicKeys.map((text) => readCheckpointPublicKey(text, '--public-key').catch(refuse)),
  )
  const keys = [...(key === undefined ? [] : [key]), ...others]
  return { key, keys: keys.length === 0 ? undefined : keys }
}

function parseAnchor(text: string): CheckpointAnchor {
  const [, number, hash] = /^(\d{1,15}):([0-9a-f]{64})$/.exec(text) ?? []
  if (number === undefined || hash === undefined) {
    throw new InvalidArgumentError(
      'It has to be the number and hash of a checkpoint, such as 412:9c1f… (64 digits).',
    )
  }
  return { number: Number(number), hash }
}

function show(context: Context, found: LedgerVerification, signed: SignedCheckpoint | null): void {
  const { organizations, transactions, fromCheckpoint, problems } = found
  const rest =
    fromCheckpoint === 0 ? '' : ` since the checkpoints of ${count(fromCheckpoint, 'organization')}`
  const books = `${count(organizations, 'organization')}, ${count(transactions, 'transaction')}${rest}`
  const checkpoint = signed?.checkpoint ?? found.checkpoint
  const anchor = checkpoint === null ? [] : [`checkpoint ${checkpoint.number}:${checkpoint.hash}`]
  if (problems.length === 0) {
    print(context, `${books}, ${paint(context.output, 'green', 'no problems')}`, ...anchor)
    return
  }
  const rows = problems.map(({ organizationId, problem, sequence, expected, found: stored }) => [
    organizationId ?? '',
    problem,
    sequence === null ? '' : `#${sequence}`,
    shorten(expected),
    shorten(stored),
  ])
  print(
    context,
    ...table(context, ['organization', 'problem', 'row', 'expected', 'found'], rows),
    '',
    `${books}, ${paint(context.output, ['bold', 'red'], count(problems.length, 'problem'))}`,
  )
}

/** Digests are 64 digits; --json has them whole. */
function shorten(text: string | null): string {
  if (text === null) return 'none'
  return text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS - 1)}…` : text
}

/** One line that is overwritten; only on a terminal. */
class Progress {
  readonly #context: Context
  #shownAt = 0

  constructor(context: Context) {
    this.#context = context
  }

  show(done: number, all: number): void {
    const { errors } = this.#context
    if (errors.isTTY !== true || performance.now() - this.#shownAt < REDRAW_MS) return
    this.#shownAt = performance.now()
    errors.write(`\r\u001b[K${done.toLocaleString('en-US')} of ${count(all, 'organization')}`)
  }

  clear(): void {
    if (this.#shownAt > 0) this.#context.errors.write('\r\u001b[K')
  }
}
