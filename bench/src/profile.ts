#!/usr/bin/env node
import { parseArgs } from 'node:util'
import type { Client } from 'pg'
import { profileCpu } from './cpu-profile.ts'
import { type CpuTime, postgresCpu } from './processes.ts'
import {
  analyze,
  type BenchServer,
  createOrganizations,
  openEngine,
  startServer,
  withClient,
} from './server.ts'
import { type Load, runLoad, touchAll } from './workload.ts'

const { values } = parseArgs({
  options: {
    callers: { type: 'string', default: '256' },
    organizations: { type: 'string', default: '1' },
    /** People of each organization; default: one for each caller on a single organization, else one. */
    members: { type: 'string' },
    seconds: { type: 'string', default: '5' },
    /** How many statements and functions are listed. */
    top: { type: 'string', default: '20' },
    /** Leave out the second and third run, which measure statements and Node's functions. */
    brief: { type: 'boolean', default: false },
  },
})
const top = Number(values.top)

await using server = await startServer({
  compute_query_id: 'on',
  'pg_stat_statements.max': '2000',
  'pg_stat_statements.track_planning': 'on',
  shared_preload_libraries: 'pg_stat_statements',
})
const database = await server.createDatabase()
const organizations = await createOrganizations(database, 'profile-', Number(values.organizations))
await analyze(database)
const load: Load = {
  callers: Number(values.callers),
  seconds: Number(values.seconds),
  warmUpSeconds: 1,
  members: Number(values.members ?? (values.organizations === '1' ? values.callers : 1)),
  organizationOf: () => organizations[Math.floor(Math.random() * organizations.length)] ?? '',
}

console.log(
  `${values.organizations} organization(s), ${values.callers} callers, ${values.seconds} s, PostgreSQL ${server.version}`,
)
await track('none')
await reportCpu(server, load)
if (!values.brief) {
  await track('all')
  await withClient(database.superuserUrl, (client) => reportStatements(client, load))
  await track('none')
  await reportFunctions(load)
}

/** For connections from now on. */
async function track(statements: 'all' | 'none'): Promise<void> {
  await withClient(database.superuserUrl, (client) =>
    client.query(`alter role stipend_app set pg_stat_statements.track = '${statements}'`),
  )
}

/** CPU time of every process per pair, undisturbed. */
async function reportCpu(server: BenchServer, load: Load): Promise<void> {
  await using open = openEngine(database.serverUrl)
  await touchAll(open.engine, organizations)
  await runLoad(open.engine, { ...load, seconds: 1 })
  const node = process.cpuUsage()
  const before = postgresCpu(server.postgres.pid)
  const result = await runLoad(open.engine, { ...load, warmUpSeconds: 0 })
  const after = postgresCpu(server.postgres.pid)
  const { pairs, reserve, settle } = result
  console.log(`\n${Math.round(result.pairsPerSecond).toLocaleString('en-US')} pairs/s`)
  console.log(`reserve ${reserve.p50.toFixed(1)} ms, 99th ${reserve.p99.toFixed(1)} ms`)
  console.log(`settle ${settle.p50.toFixed(1)} ms, 99th ${settle.p99.toFixed(1)} ms`)
  console.log('\nCPU, µs a pair         user   system')
  const line = (name: string, { user, system }: CpuTime) => {
    if (user + system === 0) return
    console.log(
      `${name.padEnd(18)}${(user / pairs).toFixed(2).padStart(9)}${(system / pairs).toFixed(2).padStart(9)}`,
    )
  }
  line('Node', process.cpuUsage(node))
  for (const [kind, { user, system }] of after) {
    const earlier = before.get(kind) ?? { user: 0, system: 0 }
    line(kind, { user: user - earlier.user, system: system - earlier.system })
  }
}

interface StatementRow {
  calls: string
  rows: string
  exec_ms: number
  plan_ms: number
  wal_bytes: string
  is_top: boolean
  query: string
}

/** Time of every statement, those inside the functions too; measuring slows them by a tenth or two. */
async function reportStatements(client: Client, load: Load): Promise<void> {
  await using open = openEngine(database.serverUrl)
  await touchAll(open.engine, organizations)
  await client.query('create extension if not exists pg_stat_statements')
  await runLoad(open.engine, { ...load, seconds: 1 })
  await client.query('select pg_stat_statements_reset()')
  const waits = new Map<string, number>()
  const sampler = setInterval(() => {
    void sampleWaits(client, waits)
  }, 25)
  const { pairs } = await runLoad(open.engine, { ...load, warmUpSeconds: 0 })
  clearInterval(sampler)
  const { rows } = await client.query<StatementRow>(
    `select calls, rows, total_exec_time as exec_ms, total_plan_time as plan_ms, wal_bytes, toplevel as is_top, query
     from pg_stat_statements where dbid = (select oid from pg_database where datname = current_database())
       and userid <> (select oid from pg_roles where rolname = current_user)
     order by total_exec_time + total_plan_time desc limit $1`,
    [top],
  )
  console.log(
    '\nStatements, µs a pair (those called contain those nested)\n    exec     plan  calls/pair  rows/call  WAL bytes/pair',
  )
  for (const row of rows) {
    const numbers = [
      ((row.exec_ms * 1_000) / pairs).toFixed(2).padStart(8),
      ((row.plan_ms * 1_000) / pairs).toFixed(2).padStart(8),
      (Number(row.calls) / pairs).toFixed(4).padStart(11),
      (Number(row.rows) / Number(row.calls)).toFixed(1).padStart(10),
      (Number(row.wal_bytes) / pairs).toFixed(0).padStart(15),
    ]
    console.log(
      `${numbers.join(' ')}  ${row.is_top ? 'called' : 'nested'}  ${row.query.replaceAll(/\s+/g, ' ').slice(0, 110)}`,
    )
  }
  console.log('\nBackends, average number in each state')
  const samples = waits.get('samples') ?? 1
  for (const [state, count] of [...waits].toSorted((a, b) => b[1] - a[1])) {
    if (state !== 'samples') console.log(`${(count / samples).toFixed(2).padStart(8)}  ${state}`)
  }
}

async function sampleWaits(client: Client, waits: Map<string, number>): Promise<void> {
  const { rows } = await client.query<{ state: string }>(
    `select case when state = 'active' then coalesce(wait_event_type || ': ' || wait_event, 'running') else state end as state
     from pg_stat_activity where usename = 'stipend_app'`,
  )
  for (const state of ['samples', ...rows.map((row) => row.state)])
    waits.set(state, (waits.get(state) ?? 0) + 1)
}

/** Where Node spends its time; the callers of this benchmark are part of it. */
async function reportFunctions(load: Load): Promise<void> {
  await using open = openEngine(database.serverUrl)
  await touchAll(open.engine, organizations)
  await runLoad(open.engine, { ...load, seconds: 1 })
  const { result, functions } = await profileCpu(() => runLoad(open.engine, { ...load, warmUpSeconds: 0 }))
  console.log('\nNode, own µs a pair')
  for (const { name, place, microseconds } of functions.slice(0, top)) {
    console.log(`${(microseconds / result.pairs).toFixed(2).padStart(8)}  ${name}  ${place}`)
  }
}
