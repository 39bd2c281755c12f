import { randomUUID } from 'node:crypto'
import {
  type CreditBalance,
  type Credits,
  credits,
  type Engine,
  formatCredits,
  type GrantType,
  grantTypes,
  type Posting,
} from '@stipend/engine'
import { type Command, InvalidArgumentError, Option } from 'commander'
import { parseTime } from './arguments.ts'
import { audited, type CommandAction } from './audited.ts'
import { type Context, paint, print, remark } from './context.ts'
import { withEngine } from './database.ts'
import { CliError, EXIT_REFUSED, isStipendError } from './failure.ts'

interface GrantOptions {
  readonly type: GrantType
  readonly source: string
  readonly expires?: Date
  readonly priority?: number
  readonly reason: string
}

interface AdjustOptions {
  readonly reason: string
  readonly source?: string
}

export function addCredits(program: Command, context: Context): void {
  const group = program
    .command('credits')
    .description('give an organization credits or correct its balance')
    .addHelpText(
      'after',
      '\nExamples:\n  stipend credits grant acme 50 --type promo --source spring-2027 --reason "Spring offer"\n  stipend credits adjust acme -1.25 --reason "Charged twice"\n',
    )
  group
    .command('grant')
    .description('add bonus credits, once per source')
    .argument('<organization>', 'its id')
    .argument('<credits>', 'above zero, at most two decimal places', parseCredits)
    .addOption(new Option('--type <type>', 'what kind of grant').choices(grantTypes).makeOptionMandatory())
    .requiredOption('--source <id>', 'what it is for: the same one again changes nothing')
    .option('--expires <time>', 'ISO date or time with offset; never by default', parseTime)
    .option('--priority <number>', 'lower is spent first, 0 to 1000 (default: 100)', parseWhole)
    .requiredOption('--reason <text>', 'kept in the ledger')
    .addHelpText(
      'after',
      '\nExamples:\n  stipend credits grant acme 50 --type promo --source spring-2027 --reason "Spring offer"\n  stipend credits grant acme 5 --type admin --source case-118 --expires 2027-06-30 --reason "Apology"\n',
    )
    .action((organizationId: string, amount: Credits, options: GrantOptions) =>
      grant(context, organizationId, amount, options),
    )
  group
    .command('adjust')
    .description('add or take credits to correct a balance')
    .argument('<organization>', 'its id')
    .argument('<credits>', 'such as 5 or -1.25; what no pool can pay becomes debt', parseCredits)
    .requiredOption('--reason <text>', 'kept in the ledger')
    .option('--source <id>', 'the same one again changes nothing (default: a new one, which is printed)')
    .addHelpText(
      'after',
      '\nExamples:\n  stipend credits adjust acme -1.25 --reason "Charged twice"\n  stipend credits adjust acme +5 --reason "Outage" --source outage-0314\n',
    )
    .action((organizationId: string, amount: Credits, options: AdjustOptions) =>
      adjust(context, organizationId, amount, options),
    )
}

function grant(
  context: Context,
  organizationId: string,
  amount: Credits,
  options: GrantOptions,
): Promise<void> {
  const { type, source: sourceId, expires: expiresAt, priority, reason } = options
  const action = {
    command: 'credits grant',
    organizationId,
    reason,
    parameters: { credits: formatCredits(amount), type, sourceId, expiresAt, priority },
  }
  return post(context, action, (engine) =>
    engine.grantCredits({ organizationId, credits: amount, type, sourceId, expiresAt, priority, reason }),
  )
}

function adjust(
  context: Context,
  organizationId: string,
  amount: Credits,
  options: AdjustOptions,
): Promise<void> {
  const sourceId = options.source ?? `adjustment-${randomUUID()}`
  // Before the call: where its answer is lost, a retry has to name the same source.
  if (options.source === undefined) remark(context, `To retry without doing it twice: --source ${sourceId}`)
  const { reason } = options
  const parameters = { credits: formatCredits(amount), sourceId }
  return post(context, { command: 'credits adjust', organizationId, reason, parameters }, (engine) =>
    engine.adjustCredits({ organizationId, credits: amount, reason, sourceId }),
  )
}

function post(
  context: Context,
  action: CommandAction & { readonly organizationId: string },
  postWith: (engine: Engine) => Promise<Posting>,
): Promise<void> {
  return withEngine(context, async (engine) => {
    const posting = await audited(engine, action, () => postWith(engine)).catch((error: unknown) => {
      throw sourceTaken(error)
    })
    show(context, posting, await engine.checkCreditBalance(action.organizationId))
  })
}

/** A source that stands for another posting, in the words of this command. */
function sourceTaken(error: unknown): unknown {
  if (!isStipendError(error) || error.code !== 'idempotency_mismatch') return error
  const { sourceId, credits: posted, type, sequence } = error.detail
  const message = `The source ${sourceId} stands for ${posted} credits (${type}, row #${sequence}): give the same ones to retry, another --source to post more.`
  return new CliError(message, EXIT_REFUSED, error)
}

function show(context: Context, posting: Posting, { balance, available }: CreditBalance): void {
  const { transaction: row, isReplay } = posting
  const state = isReplay
    ? paint(context.output, 'yellow', 'unchanged: this source had been posted before')
    : paint(context.output, 'green', 'posted')
  const parts = [
    ['monthly', row.monthlyAmount] as const,
    ['bonus', row.bonusAmount] as const,
    ['debt', row.debtAmount] as const,
  ].filter(([, amount]) => amount !== 0)
  print(
    context,
    `row         ${row.organizationId} #${row.sequence}   ${row.type}   ${signed(row.amount)}   ${state}`,
    `pools       ${parts.map(([name, amount]) => `${name} ${signed(amount)}`).join(', ')}`,
    `source      ${row.sourceId ?? 'none'}`,
    `reason      ${row.reason ?? 'none'}`,
    `written at  ${row.createdAt.toISOString()}`,
    `balance     ${formatCredits(balance)} (available ${available === null ? 'unlimited' : formatCredits(available)})`,
  )
}

function signed(amount: Credits): string {
  return amount > 0 ? `+${formatCredits(amount)}` : formatCredits(amount)
}

function parseCredits(text: string): Credits {
  try {
    return credits(text.replace(/^\+/, ''))
  } catch {
    throw new InvalidArgumentError('Give a plain decimal with at most two places.')
  }
}

function parseWhole(text: string): number {
  if (!/^\d{1,4}$/.test(text)) throw new InvalidArgumentError('Give a whole number from 0 to 1000.')
  return Number(text)
}
