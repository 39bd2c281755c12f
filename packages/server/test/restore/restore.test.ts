import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { serve } from '@hono/node-server'
import { migrateUp } from '@stipend/db'
import { startEmbeddedPostgres } from '@stipend/embedded'
import {
  type CatalogDefinition,
  createCheckpointKey,
  createEngine,
  credits,
  readCheckpointKey,
} from '@stipend/engine'
import { startStripeSandbox } from '@stipend/stripe-sandbox'
import { mustNotBeLogged } from '@stipend/testing/log-watch'
import { Client, Pool } from 'pg'
import { expect, onTestFinished, test } from 'vitest'
import { findDebianPostgres } from '../../../../scripts/debian-programs.ts'
import { invariants } from '../../../engine/test/invariants.ts'
import { createStipend } from '../../src/index.ts'
import { handledEvents } from '../../src/stripe/handle-event.ts'
import { syncPrices } from '../../src/stripe/price-sync.ts'
import { post, shopCatalog, webhookSecret } from '../../src/test-support/shop.ts'

const root = join(import.meta.dirname, '../../../..')
const secretKey = 'sk_test_of_the_restore'
const catalog: CatalogDefinition = shopCatalog
/** Its pg_dump, which has to be as new as the server. */
const binaries = findDebianPostgres(false)

/** The commands of the runbook, in its order. */
const [backUp = '', restore = '', handOver = '', prove = '', compare = ''] = [
  ...readFileSync(join(root, 'docs/operating/runbooks/restore-from-backup.md'), 'utf8').matchAll(
    /^( *)```sh restore[^\n]*\n(.*?)^\1```$/gms,
  ),
].map(([, indent = '', content = '']) => content.replaceAll(new RegExp(`^${indent}`, 'gm'), ''))

test.skipIf(binaries === null)(
  'a dump, restored into another cluster by the runbook, is proven, works, and gets back what Stripe knows',
  { timeout: 120_000 },
  async () => {
    const folder = makeFolder()
    const sandbox = await startStripeSandbox({ retryMs: [20, 50, 100] })
    onTestFinished(() => sandbox.close())
    const old = await startCluster()
    await migrateUp(old.ownerUrl)
    await old.query('grant stipend_server to app')
    const shop = await openShop(old.serverUrl, sandbox.url)
    await shop.stipend.engine.pushCatalog({ author: 'test' })
    await syncPrices(shop.payments)
    sandbox.setWebhook({ url: `${shop.url}/webhooks/stripe`, secret: webhookSecret, events: handledEvents })
    const { engine } = shop.stipend
    for (const organizationId of ['acme', 'other']) {
      await engine.putOrganization({ organizationId, name: organizationId, plan: 'pro' })
    }
    const buy = async () => {
      const { secret } = await engine.createApiKey({
        organizationId: 'acme',
        name: 'test',
        scopes: ['billing:write'],
      })
      const answer = await fetch(`${shop.url}/credits/purchase`, {
        method: 'POST',
        headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' },
        body: JSON.stringify({ packageId: 'starter' }),
      })
      const { checkoutUrl }: { checkoutUrl: string } = JSON.parse(await answer.text())
      await post(checkoutUrl, { way: '4242424242424242' })
      await sandbox.controls.deliveries.idle()
    }
    await engine.executeWithAIAccess({ organizationId: 'acme', capability: 'reply' }, async () => ({
      result: null,
      actualCredits: credits(2.5),
    }))
    await buy()
    const open = await engine.reserveCredits({ organizationId: 'acme', capability: 'reply' })
    const forgotten = await engine.reserveCredits({ organizationId: 'other', capability: 'reply' })
    const keyText = createCheckpointKey().privateKey
    mustNotBeLogged(keyText)
    const key = await readCheckpointKey(keyText)
    const note = async () => {
      const { checkpoint } = await engine.proof.signCheckpoint(key)
      return `${checkpoint?.number}:${checkpoint?.hash}`
    }
    const noted = await note()
    const atBackup = await engine.checkCreditBalance('acme')
    const restored = await startCluster()
    const environment = {
      DIRECT_DATABASE_URL: old.ownerUrl,
      DATABASE_URL: restored.serverUrl,
      RESTORED_DATABASE_URL: restored.ownerUrl,
      SERVER_LOGIN: 'app',
      STRIPE_SECRET_KEY: secretKey,
      STRIPE_API_BASE: sandbox.url,
      STIPEND_CHECKPOINT_KEY: keyText,
      NOTED_CHECKPOINT: noted,
    }
    expect(await run(backUp, folder, environment)).toMatchObject({ code: 0 })

    await buy()
    const later = await note()
    await shop.close()
    const now = { ...environment, DIRECT_DATABASE_URL: restored.ownerUrl }
    expect(await run(restore, folder, now)).toMatchObject({ code: 0 })
    expect(await run(handOver, folder, now)).toMatchObject({ code: 0 })
    expect(await run(prove, folder, now)).toMatchObject({ code: 0 })
    const older = await run(prove, folder, { ...now, NOTED_CHECKPOINT: later })
    expect(older).toMatchObject({ code: 1, printed: expect.stringContaining('checkpoint_anchor') })

    const again = await openShop(restored.serverUrl, sandbox.url)
    onTestFinished(() => again.close())
    const balance = async () => await again.stipend.engine.checkCreditBalance('acme')
    expect(await balance()).toEqual(atBackup)
    const settled = await again.stipend.engine.settleCredits({
      organizationId: 'acme',
      reservationId: open.id,
      actualCredits: credits(0.25),
    })
    expect(settled.status).toBe('settled')
    await expect(again.pool.query('update stipend.credit_transactions set amount = 0')).rejects.toMatchObject(
      { code: '42501' },
    )

    const { rows } = await again.stipend.engine.withOrganization('other', (client) =>
      client.query('select distinct organization_id as id from stipend.credit_transactions'),
    )
    expect(rows).toEqual([{ id: 'other' }])
    await restored.owner.query(`insert into stipend.test_clocks values ('other', interval '6 minutes')`)
    expect(await again.stipend.engine.cleanupReservations()).toBe(1)
    const { status } = await again.stipend.engine.getReservation({
      organizationId: 'other',
      reservationId: forgotten.id,
    })
    expect(status).toBe('expired')

    const compared = await run(compare, folder, now)
    expect(compared).toMatchObject({ code: 1, printed: expect.stringContaining('stipend billing sync acme') })
    const before = await balance()
    for (const _ of [1, 2])
      expect(await run('stipend billing sync acme', folder, now)).toMatchObject({ code: 0 })
    expect((await balance()).bonusCredits).toBe(before.bonusCredits + credits(100))
    expect(await run(compare, folder, now)).toMatchObject({ code: 0 })
    expect(await invariants({ owner: restored.owner }, again.stipend.engine)).toEqual([])
  },
)

function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'stipend-restore-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
  return folder
}

/** A PostgreSQL without a role of Stipend's, a database with an owner, and a login for servers. */
async function startCluster() {
  const dataDirectory = mkdtempSync(join(tmpdir(), 'stipend-restore-'))
  const postgres = await startEmbeddedPostgres({
    dataDirectory,
    binaries: binaries ?? undefined,
    databaseName: 'stipend',
    settings: { fsync: 'off' },
  })
  const as = (user: string) => {
    const url = new URL(postgres.url)
    url.username = user
    url.password = user
    return url.href
  }
  const query = async (text: string) => {
    const client = new Client(postgres.url)
    await client.connect()
    await client.query(text)
    await client.end()
  }
  await query(`create role migrator login createrole password 'migrator'; create role app login password 'app';
    grant create on database stipend to migrator`)
  const owner = new Pool({ connectionString: as('migrator'), max: 2 })
  // The end of PostgreSQL may overtake that of its connections.
  owner.on('error', () => undefined)
  onTestFinished(async () => {
    await owner.end()
    await postgres.stop()
    rmSync(postgres.dataDirectory, { recursive: true, force: true })
    rmSync(dataDirectory, { recursive: true, force: true })
  })
  return { owner, ownerUrl: as('migrator'), serverUrl: as('app'), query }
}

async function openShop(connectionString: string, apiBase: string) {
  const pool = new Pool({ connectionString, max: 4 })
  const stipend = createStipend({
    database: pool,
    catalog,
    engine: createEngine({ database: pool, catalog }),
    stripe: { secretKey, webhookSecret, frontendUrl: 'https://console.example', apiBase, isSandbox: true },
  })
  const { payments } = stipend
  if (payments === undefined) throw new Error('The shop takes payments.')
  const server = serve({ fetch: stipend.fetch, hostname: '127.0.0.1', port: 0 })
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const close = async () => {
    server.close()
    await stipend.close()
    await stipend.engine.close()
    await pool.end()
  }
  return { stipend, payments, pool, url: `http://127.0.0.1:${port}`, close }
}

/** As an operator's shell would: one after the other, the first that fails ends it. */
function run(commands: string, cwd: string, environment: Record<string, string>) {
  expect(commands).not.toBe('')
  const path = [
    binaries ?? '',
    dirname(process.execPath),
    join(root, 'node_modules/.bin'),
    '/usr/bin',
    '/bin',
  ]
  const env = { ...environment, PATH: path.join(':'), HOME: cwd }
  return new Promise<{ code: number; printed: string }>((resolve) => {
    execFile('bash', ['-euo', 'pipefail', '-c', commands], { cwd, env }, (error, output, errors) => {
      resolve({ code: error === null ? 0 : Number(error.code), printed: `${output}${errors}` })
    })
  })
}
