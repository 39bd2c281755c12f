import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createOpenAI } from '@ai-sdk/openai'
import { LLMock } from '@copilotkit/aimock'
import { parser } from '@prometheus-io/lezer-promql'
import { credits, errorCodes } from '@stipend/engine'
import { generateText } from 'ai'
import { beforeAll, expect, test, vi } from 'vitest'
import { parse } from 'yaml'
import { parseExposition } from '../test-support/exposition.ts'
import { createShop } from '../test-support/shop.ts'

const root = join(import.meta.dirname, '../../../..')
const folder = join(root, 'docs/operating')

/** Label names of each metric, and values of each label, as a server with a worker exports them. */
const exported = new Map<string, Set<string>>()
const values = new Map<string, Set<string>>([
  // Those that this test has not made happen.
  ['code', new Set(Object.keys(errorCodes))],
  ['outcome', new Set(['done', 'unfinished', 'refused', 'failed', 'served', 'partial', 'aborted'])],
  ['flag', new Set(['review'])],
  // With a key for checkpoints, instead of verify-ledger.
  ['job_name', new Set(['sign-checkpoint'])],
])
/** What Prometheus adds to all it scrapes. */
const targetLabels = ['job', 'instance']

beforeAll(async () => {
  const provider = new LLMock({ port: 0, logLevel: 'silent' })
  const tokens = { prompt_tokens: 10, completion_tokens: 10, input_tokens: 10, output_tokens: 10 }
  provider.onMessage(/(?:)/, { content: 'hello', usage: tokens })
  await provider.start()
  await using shop = await createShop({
    api: {
      metrics: { token: null },
      onEvent: async () => undefined,
      providers: { openai: createOpenAI({ baseURL: `${provider.url}/v1`, apiKey: 'loopback' }) },
    },
  })
  const { api } = shop
  const { engine } = api.stipend
  const { organizationId, key } = await api.createOrganization('pro')
  const { id } = await engine.reserveCredits({ organizationId, capability: 'reply' })
  const usage = { model: 'mini', inputTokens: 10, outputTokens: 10 }
  await engine.settleCredits({ organizationId, reservationId: id, usage, flags: ['review'] })
  await engine.reserveCredits({ organizationId, capability: 'none' as 'reply' }).catch(() => undefined)
  const charged = { result: null, actualCredits: credits(1) }
  await engine.executeWithAIAccess({ organizationId, capability: 'reply' }, async () => charged)
  await api.call('GET', '/nothing', { key })
  const model = api.stipend.model({ organizationId, capability: 'reply' })
  provider.nextRequestError(500)
  await generateText({ model, prompt: 'hello', maxRetries: 0 })
  const worker = await api.stipend.startWorker({ databaseUrl: api.database.ownerUrl })
  api.stipend.metrics?.onWorker({ type: 'problem', message: 'as where the queue is in trouble' })
  const read = async () => (await api.call('GET', '/metrics')).text
  const isComplete =
    /^stipend_ledger_problems [\s\S]*^stipend_reconciliation_drift [\s\S]*timestamp_seconds\{job_name="verify-ledger"/m
  await vi.waitFor(async () => expect(await read()).toMatch(isComplete), { timeout: 30_000, interval: 250 })
  for (const { name, labels } of parseExposition(await read())) {
    const known = exported.get(name) ?? new Set()
    for (const [label, value] of Object.entries(labels)) {
      known.add(label)
      values.set(label, (values.get(label) ?? new Set()).add(value))
    }
    exported.set(name, known)
  }
  await worker.stop()
  await provider.stop()
}, 60_000)

interface Selector {
  metric: string
  matchers: { label: string; operator: string; value: string }[]
}

/** What a query asks for: its selectors, and the labels that it groups or matches by. @throws where it is no PromQL */
function readQuery(query: string): { selectors: Selector[]; grouping: string[] } {
  const text = query.replaceAll('$__rate_interval', '5m')
  const selectors: Selector[] = []
  const grouping: string[] = []
  parser.parse(text).iterate({
    enter: ({ type, node, from, to }) => {
      if (type.isError) throw new Error(`This is no PromQL: ${text}, at ${text.slice(from, from + 20)}`)
      if (type.name === 'VectorSelector') {
        const name = node.getChild('Identifier')
        if (name === null) throw new Error(`A selector names no metric: ${text.slice(from, to)}`)
        selectors.push({ metric: text.slice(name.from, name.to), matchers: [] })
      }
      if (type.name.endsWith('LabelMatcher')) {
        const [, label = '', operator = '', value = ''] =
          /^(\w+)\s*(=~|!~|!=|=)\s*"(.*)"$/.exec(text.slice(from, to)) ?? []
        selectors.at(-1)?.matchers.push({ label, operator, value })
      }
      if (type.name === 'LabelName' && node.parent?.name === 'GroupingLabels') {
        grouping.push(text.slice(from, to))
      }
    },
  })
  return { selectors, grouping }
}

/** What in a query is not exported; empty: nothing. */
function unknownIn(query: string): string[] {
  const { selectors, grouping } = readQuery(query)
  const allowed = new Set(targetLabels)
  const unknown: string[] = []
  for (const { metric, matchers } of selectors) {
    const labels = exported.get(metric)
    if (labels === undefined) unknown.push(metric)
    for (const label of labels ?? []) allowed.add(label)
    for (const { label, operator, value } of matchers) {
      if (targetLabels.includes(label)) continue
      if (labels?.has(label) !== true) unknown.push(`${metric}{${label}}`)
      const said = values.get(label) ?? new Set()
      const named = operator.endsWith('~') ? value.split('|').filter((part) => /^\w+$/.test(part)) : [value]
      for (const one of named) if (!said.has(one)) unknown.push(`${metric}{${label}="${one}"}`)
    }
  }
  for (const label of grouping) if (!allowed.has(label)) unknown.push(`by (${label})`)
  if (selectors.length === 0) unknown.push('no metric at all')
  return unknown
}

interface Panel {
  type: string
  title: string
  targets?: { expr: string; legendFormat: string }[]
}
interface Dashboard {
  schemaVersion: number
  panels: Panel[]
  templating: { list: { type: string; definition?: string }[] }
}

test('queries that are wrong are found', () => {
  expect(unknownIn('sum(rate(stipend_nothing_total[5m]))')).toEqual(['stipend_nothing_total'])
  expect(unknownIn('stipend_open_holds{organization="a"}')).toContain('stipend_open_holds{organization}')
  expect(unknownIn('sum by (queu) (stipend_backlog_items)')).toEqual(['by (queu)'])
  expect(unknownIn('max(stipend_backlog_items{queue="outboks"})')).toEqual([
    'stipend_backlog_items{queue="outboks"}',
  ])
  expect(unknownIn('max(stipend_backlog_items{queue=~"outbox|mails"})')).toEqual([
    'stipend_backlog_items{queue="mails"}',
  ])
  expect(() => unknownIn('sum(rate(stipend_open_holds[5m])')).toThrow('no PromQL')
})

test('every query of the dashboard asks for what is exported, and every name is in some panel', async () => {
  const dashboard: Dashboard = JSON.parse(await readFile(join(folder, 'grafana-dashboard.json'), 'utf8'))
  const panels = dashboard.panels.filter(({ type }) => type !== 'row')
  expect(panels.length).toBeGreaterThan(30)
  const queries = panels.flatMap(({ title, targets = [] }) => targets.map((target) => ({ title, ...target })))
  for (const { title, expr, legendFormat } of queries) {
    expect([title, unknownIn(expr)]).toEqual([title, []])
    for (const [, label = ''] of legendFormat.matchAll(/\{\{(\w+)\}\}/g)) {
      expect([title, readQuery(expr).grouping.includes(label) || targetLabels.includes(label)]).toEqual([
        title,
        true,
      ])
    }
  }
  const shown = new Set(queries.flatMap(({ expr }) => readQuery(expr).selectors.map(({ metric }) => metric)))
  const isShown = (name: string) => [name, ...partsOf(name)].some((part) => shown.has(part))
  const own = [...exported.keys()].filter((name) => name.startsWith('stipend_'))
  expect(own.filter((name) => !isShown(name))).toEqual([])
})

/** The other series of a histogram: one of them shown is enough. */
function partsOf(name: string): string[] {
  const base = name.replace(/_(bucket|sum|count)$/, '')
  return ['bucket', 'sum', 'count'].map((part) => `${base}_${part}`)
}

interface Rule {
  alert: string
  expr: string
  labels: { severity: string }
  annotations: { summary: string; runbook_url: string }
}

test('every alert asks for what is exported and leads to a runbook, and every runbook has one', async () => {
  const file: { groups: { name: string; rules: Rule[] }[] } = parse(
    await readFile(join(folder, 'prometheus-alerts.yml'), 'utf8'),
  )
  const rules = file.groups.flatMap(({ rules: found }) => found)
  expect(new Set(rules.map(({ alert }) => alert)).size).toBe(rules.length)
  for (const { alert, expr, labels, annotations } of rules) {
    expect([alert, unknownIn(expr)]).toEqual([alert, []])
    expect(['page', 'ticket']).toContain(labels.severity)
    expect([alert, existsSync(join(root, annotations.runbook_url))]).toEqual([alert, true])
    const { grouping } = readQuery(expr)
    for (const [, label = ''] of annotations.summary.matchAll(/\$labels\.(\w+)/g)) {
      expect([alert, [...grouping, ...targetLabels].includes(label)]).toEqual([alert, true])
    }
    // The runbook says by its name which alerts lead to it.
    expect(await readFile(join(root, annotations.runbook_url), 'utf8')).toContain(alert)
  }
  const led = rules.map(({ annotations }) => annotations.runbook_url)
  const runbooks = (await readdir(join(folder, 'runbooks'))).map((name) => `docs/operating/runbooks/${name}`)
  // Nothing tells by itself that a backup is needed: other runbooks lead there.
  const without = runbooks.filter((path) => !led.includes(path))
  expect(without).toEqual(['docs/operating/runbooks/restore-from-backup.md'])
})

test('the reference names every metric that is exported, and no other', async () => {
  const text = await readFile(join(folder, 'metrics.md'), 'utf8')
  const named = new Set([...text.matchAll(/^\| `(stipend_\w+)`/gm)].map(([, name = '']) => name))
  const own = [...exported.keys()].filter((name) => name.startsWith('stipend_'))
  const bases = new Set(own.map((name) => baseOf(name)))
  expect([...named].toSorted()).toEqual([...bases].toSorted())
})

const baseOf = (name: string) => {
  const base = name.replace(/_(bucket|sum|count)$/, '')
  return exported.has(`${base}_bucket`) ? base : name
}
