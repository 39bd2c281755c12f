import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { createMetering } from '@stipend/engine/ai'
import { bareCall, type Call, type Kind, kinds, meteredCall } from '../metering/calls.ts'
import { instantModel } from '../metering/instant-model.ts'
import { atRate, inPairs, together } from '../metering/paces.ts'
import type { HolderAnswer, StreamMemory, StreamTask } from '../metering/stream-holder.ts'
import { interleave } from '../rounds.ts'
import { type Figure, figure, plainFigure, type Scenario } from '../scenario.ts'
import { analyze, createOrganizations, openEngine } from '../server.ts'
import { type Latency, latencyOf, median } from '../statistics.ts'
import { proveBooks, touchAll } from '../workload.ts'

const callers = 64
/** The SDK's own work on a stream fills half a core at less than 500 a second. */
const callsPerSecond = { generateText: 500, streamText: 200 } as const
const openStreams = 1_000
const organizationCount = 100
const holderFile = fileURLToPath(new URL('../metering/stream-holder.ts', import.meta.url))

/** What a round measured of one kind of call; milliseconds. */
interface Round {
  readonly bare: Latency
  readonly metered: Latency
  readonly added: Latency
  /** Of this process, for a call. */
  readonly cpuMilliseconds: { readonly bare: number; readonly metered: number }
}

/** What metering adds to a call whose model answers at once, and to a stream that stays open. */
export const metering: Scenario = {
  name: 'metering',
  title: 'Metering an AI SDK call whose model answers at once',
  async run({ server, effort, log }) {
    const database = await server.createDatabase()
    const organizations = await createOrganizations(database, 'metering-', organizationCount)
    await using open = openEngine(database.serverUrl)
    await touchAll(open.engine, organizations)
    await analyze(database)
    const metering = createMetering(open.engine, { providers: { openai: instantModel } })
    const contestants = (kind: Kind) => ({
      bare: bareCall(kind),
      metered: meteredCall(kind, metering, organizations),
    })
    for (const kind of kinds) await warmUp(contestants(kind), effort.warmUpSeconds)

    const figures: Figure[] = []
    const rounds: Record<string, readonly unknown[]> = {}
    for (const kind of kinds) {
      const { bare, metered } = contestants(kind)
      const measured = await interleave(effort.rounds, {
        'one at a time': () => alone(effort.calls / 2, bare, metered),
        [`${callers} at a time`]: (round: number) =>
          inTurn(round, bare, metered, (call) => together(callers, effort.seconds / 2, call)),
        [`at ${callsPerSecond[kind]}/s`]: (round: number) =>
          inTurn(round, bare, metered, (call) => atRate(callsPerSecond[kind], effort.seconds, call)),
      })
      for (const [pace, values] of Object.entries(measured)) {
        rounds[`${kind}, ${pace}`] = values
        figures.push(...figuresOf(`${kind}, ${pace}`, values))
      }
    }
    for (const organizationId of organizations.slice(0, 3)) await proveBooks(open.engine, organizationId)

    log(`memory of ${openStreams.toLocaleString('en-US')} open streams`)
    const task = {
      serverUrl: database.serverUrl,
      organizationId: organizations[0] ?? '',
      streams: openStreams,
    }
    const memory = await interleave(Math.min(3, effort.rounds), {
      bare: () => holdStreams({ ...task, isMetered: false }),
      metered: () => holdStreams({ ...task, isMetered: true }),
    })
    figures.push(...memoryFigures(memory))
    return { figures, rounds: { ...rounds, 'open streams': [memory] } }
  },
}

async function warmUp({ bare, metered }: { bare: Call; metered: Call }, seconds: number): Promise<void> {
  await together(8, seconds / 4, bare)
  await together(8, seconds / 2, metered)
}

/** What each metered call took more than the bare one before it. */
async function alone(pairs: number, bare: Call, metered: Call): Promise<Round> {
  const times = await inPairs(pairs, bare, metered)
  const added = times.metered.map((ms, pair) => ms - (times.bare[pair] ?? Number.NaN))
  const cpuMilliseconds = { bare: Number.NaN, metered: Number.NaN }
  return {
    bare: latencyOf(times.bare),
    metered: latencyOf(times.metered),
    added: latencyOf(added),
    cpuMilliseconds,
  }
}

/**
 * Calls that run at once have no partner: what they took more than the bare call's median, so that the addition's 99th
 * percentile contains whatever the bare call varies by.
 */
async function inTurn(
  round: number,
  bare: Call,
  metered: Call,
  measure: (call: Call) => Promise<number[]>,
): Promise<Round> {
  const timed = async (call: Call) => {
    const before = process.cpuUsage()
    const times = await measure(call)
    const { user, system } = process.cpuUsage(before)
    return { times, cpu: (user + system) / 1_000 / times.length }
  }
  const early = round % 2 === 0 ? null : await timed(metered)
  const bareCalls = await timed(bare)
  const meteredCalls = early ?? (await timed(metered))
  const usual = latencyOf(bareCalls.times)
  return {
    bare: usual,
    metered: latencyOf(meteredCalls.times),
    added: latencyOf(meteredCalls.times.map((ms) => ms - usual.p50)),
    cpuMilliseconds: { bare: bareCalls.cpu, metered: meteredCalls.cpu },
  }
}

function figuresOf(name: string, rounds: readonly Round[]): Figure[] {
  const of = (value: (round: Round) => number) => median(rounds.map(value))
  const p99 = of(({ added }) => added.p99)
  const latencies = [
    plainFigure(
      `${name}: bare, median`,
      of(({ bare }) => bare.p50),
      'ms',
    ),
    plainFigure(
      `${name}: bare, 99th percentile`,
      of(({ bare }) => bare.p99),
      'ms',
    ),
    plainFigure(
      `${name}: added, median`,
      of(({ added }) => added.p50),
      'ms',
    ),
    name.includes(', at ')
      ? figure(`${name}: added, 99th percentile`, p99, 'ms', { at: 'most', target: 5 })
      : plainFigure(`${name}: added, 99th percentile`, p99, 'ms'),
  ]
  if (!name.includes(`, ${callers} `)) return latencies
  const cpuAdded = of(({ cpuMilliseconds }) => cpuMilliseconds.metered - cpuMilliseconds.bare)
  return [
    ...latencies,
    plainFigure(
      `${name}: bare, CPU in Node`,
      of(({ cpuMilliseconds }) => cpuMilliseconds.bare),
      'ms',
    ),
    plainFigure(`${name}: added, CPU in Node`, cpuAdded, 'ms'),
  ]
}

function memoryFigures(memory: Record<'bare' | 'metered', StreamMemory[]>): Figure[] {
  const kilobytes = (values: readonly StreamMemory[], key: keyof StreamMemory) =>
    median(values.map((value) => value[key])) / openStreams / 1_024
  return (['bare', 'metered'] as const).flatMap((name) => [
    plainFigure(`open stream, ${name}: heap`, kilobytes(memory[name], 'heapBytes'), 'KiB'),
    plainFigure(`open stream, ${name}: resident`, kilobytes(memory[name], 'residentBytes'), 'KiB'),
  ])
}

/** In a process of its own, so that nothing else is in its heap. */
async function holdStreams(task: StreamTask): Promise<StreamMemory> {
  const child = fork(holderFile, { execArgv: [...process.execArgv, '--expose-gc'] })
  const ended = once(child, 'exit')
  child.send(task)
  const [answer] = await Promise.race([
    once(child, 'message') as Promise<[HolderAnswer]>,
    ended.then(() => Promise.reject(new Error('The process that held the streams has ended.'))),
  ])
  child.disconnect()
  await ended
  if ('error' in answer) throw new Error(answer.error)
  return answer.memory
}
