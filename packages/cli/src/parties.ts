import { createInterface } from 'node:readline/promises'
import {
  type Credits,
  creditsToNumber,
  type Engine,
  type PartyErasure,
  type PartyExport,
  type PartyKey,
} from '@stipend/engine'
import type { Command } from 'commander'
import { audited } from './audited.ts'
import { type Context, count, paint, print, remark, table } from './context.ts'
import { withEngine } from './database.ts'
import { CliError, EXIT_REFUSED } from './failure.ts'

interface PartyOptions {
  readonly organization?: string
  readonly type: string
  readonly id: string
}

export function addParties(program: Command, context: Context): void {
  const group = program
    .command('parties')
    .description('what is stored about a person: export it, or erase it')
    .addHelpText(
      'after',
      '\nExamples:\n  stipend parties export --type customer --id customer:4f2a\n  stipend parties erase --organization acme --type member --id u-118\n',
    )
  withParty(group.command('export'))
    .description('print as JSON all that is stored about a person')
    .addHelpText(
      'after',
      `
Versions of names and addresses, rows of the ledger with their charges, calls, uses of limits, and answers still kept for
replays. What the host's own tables have is the host's to add.

Examples:
  stipend parties export --organization acme --type member --id u-118 > u-118.json
`,
    )
    .action((options: PartyOptions) => exportParty(context, partyOf(options)))
  withParty(group.command('erase'))
    .description('remove the names and addresses of a person; the ledger stays and verifies')
    .option('--yes', 'do not ask')
    .addHelpText(
      'after',
      `
All versions of names and addresses with their salts, answers kept for replays, and events that name the person. The
ledger keeps the host's id and a digest of which nothing can be learnt. The event party.erased tells the host to do the
same in its own tables. Processes may name the emptied row for a minute; then the person's next call is stored anew.

Examples:
  stipend parties erase --organization acme --type member --id u-118
  stipend parties erase --type customer --id customer:4f2a --yes
`,
    )
    .action((options: PartyOptions & { yes?: true }) =>
      eraseParty(context, partyOf(options), options.yes ?? false),
    )
}

function withParty(command: Command): Command {
  return command
    .option('--organization <id>', 'where (default: in all organizations)')
    .requiredOption('--type <type>', 'as calls name them: member, customer, or a type of subject')
    .requiredOption('--id <id>', "the host's id, as in the ledger")
}

function partyOf({ organization, type, id }: PartyOptions): PartyKey {
  return { organizationId: organization ?? null, type, id }
}

function exportParty(context: Context, party: PartyKey): Promise<void> {
  return withEngine(context, async (engine) => {
    const organizations = (await engine.exportParty(party)).filter(isKnown)
    print(
      context,
      JSON.stringify(
        { type: party.type, id: party.id, organizations: organizations.map(exportJson) },
        null,
        2,
      ),
    )
  })
}

function isKnown({ versions, transactions, reservations }: PartyExport): boolean {
  return versions.length + transactions.length + reservations.length > 0
}

function exportJson({ transactions, ...rest }: PartyExport) {
  const amount = (credits: Credits) => creditsToNumber(credits)
  return {
    ...rest,
    transactions: transactions.map((row) => ({
      ...row,
      amount: amount(row.amount),
      covered: amount(row.covered),
    })),
  }
}

function eraseParty(context: Context, party: PartyKey, isSure: boolean): Promise<void> {
  return withEngine(context, async (engine) => {
    const found = (await engine.exportParty(party)).filter(isKnown)
    if (found.length === 0) {
      throw new CliError(`Nothing is stored about ${party.type} ${party.id}.`, EXIT_REFUSED)
    }
    if (!isSure) await confirm(context, party, found)
    show(context, await eraseFound(engine, party, found))
  })
}

/** In those organizations that were shown, so that nothing else is erased than what was said yes to. */
async function eraseFound(
  engine: Engine,
  { type, id }: PartyKey,
  found: readonly PartyExport[],
): Promise<PartyErasure[]> {
  const erased: PartyErasure[] = []
  for (const { organizationId } of found) {
    const action = { command: 'parties erase', organizationId, parameters: { type, id } }
    erased.push(...(await audited(engine, action, () => engine.eraseParty({ organizationId, type, id }))))
  }
  return erased
}

/** @throws {CliError} where nobody can be asked, or the answer is not yes */
async function confirm(
  context: Context,
  { type, id }: PartyKey,
  found: readonly PartyExport[],
): Promise<void> {
  const { input, errors, output } = context
  if (input.isTTY !== true || output.isTTY !== true) {
    throw new CliError('Erased names do not come back: give --yes to go on without asking.')
  }
  const where = found.map(({ organizationId }) => organizationId).join(', ')
  const lost = paint(errors, ['bold', 'red'], 'They do not come back.')
  const prompt = createInterface({ input, output: errors })
  const closed = new AbortController()
  prompt.once('close', () => closed.abort())
  try {
    const asked = `This erases the names and addresses of ${type} ${id} in ${where}. ${lost}\nGo on? Type yes: `
    const answer = await prompt.question(asked, { signal: closed.signal })
    if (answer.trim().toLowerCase() === 'yes') return
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'AbortError') throw error
  } finally {
    prompt.close()
  }
  throw new CliError('Nothing was erased.')
}

function show(context: Context, erased: readonly PartyErasure[]): void {
  const rows = erased.map(({ organizationId, versions, replies, events }) => [
    organizationId,
    String(versions),
    String(replies),
    String(events),
  ])
  print(context, ...table(context, ['organization', 'names', 'answers', 'events'], rows))
  remark(
    context,
    `Erased in ${count(erased.length, 'organization')}. The ledger is as it was: stipend verify.`,
  )
}
