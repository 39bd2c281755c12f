import { constants } from 'node:os'
import { formatCredits } from '@stipend/engine'
import type { Command } from 'commander'
import { type Context, count, paint, print } from '../context.ts'
import { CliError, EXIT_REFUSED } from '../failure.ts'
import { CALLERS, CREDITS_PER_CALL, PROCESSES, ROOM } from './catalog.ts'
import { startRaceDatabase, useRaceDatabase } from './database.ts'
import { Grid } from './grid.ts'
import { isWon, type RaceResult, runRace } from './race.ts'

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

export function addDemo(program: Command, context: Context, end: (exitCode: number) => void): void {
  const demo = program
    .command('demo')
    .description('see for yourself')
    .addHelpText('after', '\nExamples:\n  stipend demo race\n')
  demo
    .command('race')
    .description(`${CALLERS} callers at once, credits for ${ROOM} of them: who gets in?`)
    .option('--database-url <url>', 'an empty database to run it on, which keeps what the race leaves')
    .addHelpText(
      'after',
      `
Starts a PostgreSQL of its own in a temporary folder and removes it afterwards; your database is not touched.
Exits 0 when exactly ${ROOM} were admitted and the ledger is verified, else 1.

Examples:
  stipend demo race
  stipend demo race --database-url postgres://me:secret@localhost:5432/empty
`,
    )
    .action(async (options: { databaseUrl?: string }) => end(await race(context, options.databaseUrl)))
}

async function race(context: Context, databaseUrl: string | undefined): Promise<number> {
  const { controller, forget } = listen()
  const { signal } = controller
  let drawn = Promise.resolve()
  try {
    print(context, `${CALLERS} callers in ${PROCESSES} processes, credits for ${ROOM}.`)
    await using database =
      databaseUrl === undefined ? await startRaceDatabase() : await useRaceDatabase(databaseUrl)
    signal.throwIfAborted()
    const grid = new Grid(context)
    const result = await runRace(database.url, signal, {
      start: (pids) => {
        const processes = pids.map((pid) => `process ${pid}`).join(' and ')
        print(context, `Database: ${database.description}.`, `Left and right: ${processes}, an engine each.`)
        drawn = grid.show(signal)
      },
      answer: (answer) => grid.add(answer),
    })
    await drawn
    signal.throwIfAborted()
    tell(context, result)
    return isWon(result) ? 0 : EXIT_REFUSED
  } catch (error) {
    controller.abort(error)
    await drawn
    // An interruption makes everything else fail after it.
    throw signal.reason
  } finally {
    forget()
  }
}

/** Ctrl-C ends the race, not the process: its callers and its database have to go first. */
function listen(): { controller: AbortController; forget(): void } {
  const controller = new AbortController()
  const stop = (name: NodeJS.Signals) => {
    controller.abort(new CliError('The race was interrupted.', 128 + constants.signals[name]))
  }
  for (const name of SIGNALS) process.on(name, stop)
  const forget = () => {
    for (const name of SIGNALS) process.off(name, stop)
  }
  return { controller, forget }
}

function tell(context: Context, result: RaceResult): void {
  const { output } = context
  const { answers, settled, balance, verification } = result
  const admitted = answers.get('admitted') ?? 0
  const others = [...answers].filter(([code]) => code !== 'admitted')
  const codes = others.map(([code, times]) => `${times} ${code}`).join(', ')
  const processes = result.processes.map(
    (each) => `${each.pid}: ${each.admitted} of ${each.admitted + each.refused}`,
  )
  const { problems, transactions } = verification
  const ledger =
    problems.length === 0
      ? `${paint(output, 'green', 'verified')}, ${count(transactions, 'row')}: gapless, chained, adds up`
      : paint(
          output,
          'red',
          `${count(problems.length, 'problem')}: ${problems.map(({ problem }) => problem).join(', ')}`,
        )
  print(
    context,
    '',
    `admitted  ${paint(output, ['bold', 'green'], String(admitted))} (by process ${processes.join(', ')})`,
    `refused   ${paint(output, ['bold', 'red'], String(CALLERS - admitted))} (${codes})`,
    `took      ${Math.round(result.elapsedMs)} ms from the start to the last answer; drawn slower on a terminal`,
    `settled   ${count(settled.calls, 'call')}, ${formatCredits(settled.credits)} credits; balance ${formatCredits(balance.balance)}, held ${formatCredits(balance.reservedCredits)}`,
    `ledger    ${ledger}`,
    '',
    isWon(result)
      ? `${CALLERS} callers wanted ${formatCredits(CREDITS_PER_CALL)} credit each of ${formatCredits(balance.usedThisPeriod)}: the database let in ${ROOM}, whichever process asked, and not one more.`
      : paint(
          output,
          ['bold', 'red'],
          `Not as it has to be: ${ROOM} admitted, ${CALLERS - ROOM} refused, a verified ledger.`,
        ),
  )
}
