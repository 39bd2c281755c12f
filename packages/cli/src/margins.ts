import { formatCredits, type Margin, type MarginGroup, marginGroups } from '@stipend/engine'
import { type Command, Option } from 'commander'
import { parseDays } from './arguments.ts'
import { type Context, print, table } from './context.ts'
import { withEngine } from './database.ts'

interface MarginsOptions {
  readonly by: MarginGroup
  readonly days: number
}

export function addMargins(program: Command, context: Context): void {
  program
    .command('margins')
    .description('what calls cost at the provider and brought')
    .argument('[organization]', 'its id; all by default')
    .addOption(new Option('--by <group>', 'a row for each').choices(marginGroups).default('capability'))
    .option('--days <number>', 'how far back', parseDays(1), 30)
    .addHelpText('after', '\nExamples:\n  stipend margins\n  stipend margins acme --by model --days 7\n')
    .action((organizationId: string | undefined, options: MarginsOptions) =>
      margins(context, organizationId, options),
    )
}

async function margins(
  context: Context,
  organizationId: string | undefined,
  { by, days }: MarginsOptions,
): Promise<void> {
  const to = new Date()
  const from = new Date(to.getTime() - days * 86_400_000)
  const rows = await withEngine(context, (engine) =>
    engine.getMargins({ organizationId, groupBy: by, from, to }),
  )
  if (rows.length === 0) {
    print(context, `No charges since ${from.toISOString()}.`)
    return
  }
  const headings = [by, 'charges', 'credits', 'charged USD', 'cost USD', 'margin USD']
  print(context, ...table(context, headings, rows.map(cellsOf)))
}

function cellsOf({ group, charges, credits, chargeUsd, costUsd, marginUsd }: Margin): string[] {
  return [
    group ?? 'none',
    charges.toLocaleString('en-US'),
    formatCredits(credits),
    shorten(chargeUsd),
    shorten(costUsd),
    shorten(marginUsd),
  ]
}

/** Without the zeros at the end, beyond cents. */
function shorten(usd: string | null): string {
  return usd?.replace(/(\.\d\d\d*?)0+$/, '$1') ?? 'unknown'
}
