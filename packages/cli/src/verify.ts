import type { Engine, LedgerProblem, LedgerVerification } from '@stipend/engine'
import type { Command } from 'commander'
import { type Context, count, paint, print, table } from './context.ts'
import { withEngine } from './database.ts'
import { CliError, EXIT_FAILED, EXIT_REFUSED, failureOf } from './failure.ts'

const AT_ONCE = 4
const REDRAW_MS = 80
const SHOWN_CHARACTERS = 24

export function addVerify(program: Command, context: Context, end: (exitCode: number) => void): void {
  program
    .command('verify')
    .description('prove the books: chain, sequence, balances, grants, holds and budgets')
    .argument('[organization]', 'its id; all by default')
    .option('--full', 'every row from the first, also where a signed checkpoint vouches for the older ones')
    .option('--json', 'as JSON')
    .addHelpText(
      'after',
      `
Exits 0 when the books are right, 1 when they are not, 2 when they could not be read.
As long as there is no signed checkpoint, every run reads every row.

Examples:
  stipend verify
  stipend verify acme --json
`,
    )
    .action(async (organizationId: string | undefined, options: { json?: true }) =>
      end(await verify(context, organizationId, options.json ?? false)),
    )
}

async function verify(
  context: Context,
  organizationId: string | undefined,
  isJson: boolean,
): Promise<number> {
  const found = await withEngine(context, (engine) =>
    verifyAll(engine, organizationId, isJson ? null : new Progress(context)),
  ).catch((error: unknown) => {
    // 1 says that the books were read and are wrong.
    throw new CliError(failureOf(error).message ?? String(error), EXIT_FAILED, error)
  })
  if (isJson) print(context, JSON.stringify(found, null, 2))
  else show(context, found)
  return found.problems.length === 0 ? 0 : EXIT_REFUSED
}

/** Proves organization by organization, a few at once. */
async function verifyAll(
  engine: Engine,
  organizationId: string | undefined,
  progress: Progress | null,
): Promise<LedgerVerification> {
  if (organizationId !== undefined) return engine.verifyLedger(organizationId)
  const ids = await engine.listOrganizationIds()
  const queue = ids.values()
  const done: LedgerVerification[] = []
  const work = async () => {
    for (const id of queue) {
      done.push(await engine.verifyLedger(id))
      progress?.show(done.length, ids.length)
    }
  }
  try {
    await Promise.all(Array.from({ length: AT_ONCE }, work))
  } finally {
    progress?.clear()
  }
  return {
    organizations: done.length,
    transactions: done.reduce((sum, { transactions }) => sum + transactions, 0),
    problems: done.flatMap(({ problems }) => problems).sort(byPlace),
  }
}

function byPlace(a: LedgerProblem, b: LedgerProblem): number {
  if (a.organizationId !== b.organizationId) return a.organizationId < b.organizationId ? -1 : 1
  return (a.sequence ?? 0) - (b.sequence ?? 0)
}

function show(context: Context, found: LedgerVerification): void {
  const { organizations, transactions, problems } = found
  const books = `${count(organizations, 'organization')}, ${count(transactions, 'transaction')}`
  if (problems.length === 0) {
    print(context, `${books}, ${paint(context.output, 'green', 'no problems')}`)
    return
  }
  const rows = problems.map(({ organizationId, problem, sequence, expected, found: stored }) => [
    organizationId,
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
