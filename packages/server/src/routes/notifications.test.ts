import { setTimeout } from 'node:timers/promises'
import { mustNotBeLogged } from '@stipend/testing/log-watch'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type Identity, type Recipient, type Role, roles, smtpMailer } from '../index.ts'
import type { NotificationOptions } from '../notifications/settings.ts'
import { createTestApi, type TestApi } from '../test-support/api.ts'
import { deliverer, emit } from '../test-support/deliver.ts'
import { type Mailbox, startMailbox } from '../test-support/mailbox.ts'
import { type Receiver, startReceiver } from '../test-support/receiver.ts'

let api: TestApi
let mailbox: Mailbox
let slack: Receiver
let options: NotificationOptions
let worker: ReturnType<typeof deliverer>
/** Of an organization that each test has for itself. */
let organizationId: string
let people: Recipient[]
let recipientsFail = false

const person = (id: string, role: Role, locale?: string): Recipient => ({
  actor: { type: 'member', id },
  email: `${id}@people.example`,
  role,
  locale,
})

beforeAll(async () => {
  mailbox = await startMailbox()
  slack = await startReceiver()
  const mailer = smtpMailer(mailbox.url, 'Testing <no-reply@product.example>')
  options = {
    allowPrivate: true,
    slackHosts: ['hooks.slack.com', new URL(slack.url).host],
    pages: async (id) => ({
      billing: `https://app.example/${id}/billing`,
      settings: `https://app.example/${id}/settings`,
    }),
    mail: {
      send: mailer.send,
      recipients: async () => {
        if (recipientsFail) throw new Error('the host’s database is away')
        return people
      },
    },
  }
  api = await createTestApi({
    notifications: options,
    identify: async ({ headers }): Promise<Identity | null> => {
      const [role, id = ''] = (headers.get('x-session') ?? '').split(' ')
      const known = roles.find((one) => one === role)
      return known === undefined ? null : { organizationId, role: known, actor: { type: 'member', id } }
    },
  })
  worker = deliverer(api, options)
  return () => mailer.close()
})
afterAll(async () => {
  await api[Symbol.asyncDispose]()
  await mailbox[Symbol.asyncDispose]()
  await slack[Symbol.asyncDispose]()
})
beforeEach(async () => {
  ;({ organizationId } = await api.createOrganization('pro'))
  await worker.run()
  mailbox.mails.length = 0
  slack.requests.length = 0
  slack.answer(200, { body: 'ok' })
  mailbox.isAway = false
  recipientsFail = false
  people = [person('ann', 'owner'), person('ben', 'admin', 'de-AT'), person('cleo', 'viewer')]
})

const as = (session: string) => (method: string, path: string, body?: object) =>
  api.call(method, path, {
    key: undefined,
    headers: { 'x-session': session },
    ...(body === undefined ? {} : { body }),
  })
const inbox = () => mailbox.mails.map(({ to }) => to.replace('@people.example', '')).sort()
/** Rounds first, then the mails they add. */
const post = async () => {
  await worker.fanOut()
  while ((await worker.send()) > 0);
}
const messages = async () => {
  const { rows } = await api.database.owner.query<{
    channel: string
    status: string
    last_error: string | null
  }>(
    `select channel, status, last_error from stipend.message_deliveries where organization_id = $1
     order by channel, recipient_id`,
    [organizationId],
  )
  return rows
}

describe('mails', () => {
  test('go to each person by preference and in their language', async () => {
    await as('viewer cleo')('PUT', '/notification-preferences', { lowBalanceEmail: false })
    await emit(api, organizationId, 'credits.low_balance', { balance: 12.5, threshold: 100 })
    await post()
    expect(inbox()).toEqual(['ann', 'ben'])
    const [ann, ben] = mailbox.mails.toSorted((a, b) => a.to.localeCompare(b.to))
    const { name } = await api.stipend.engine.getOrganization(organizationId)
    expect(ann).toMatchObject({
      from: 'no-reply@product.example',
      subject: `${name} is running low on credits`,
    })
    expect(ann?.text).toContain('12.5 credits left, less than the 100 credits')
    expect(ann?.text).toContain(`https://app.example/${organizationId}/billing`)
    expect(ann?.text).toContain(`https://app.example/${organizationId}/settings`)
    expect(ben?.subject).toBe(`Die Credits von ${name} gehen zur Neige`)
    expect(ben?.text).toContain('12,5 Credits')
  })

  test('of low balance come once a day, of none left at once', async () => {
    const begin = Date.now() - 48 * 3_600_000
    const at = (hours: number) => new Date(begin + hours * 3_600_000)
    const low = (hours: number) =>
      emit(api, organizationId, 'credits.low_balance', { balance: 1, threshold: 2 }, at(hours))
    await low(0)
    await low(1)
    await post()
    expect(mailbox.mails).toHaveLength(3)
    await low(23.9)
    await emit(api, organizationId, 'credits.depleted', { balance: 0 }, at(23.95))
    await post()
    expect(mailbox.mails.filter(({ subject }) => subject.includes('no credits left'))).toHaveLength(2)
    expect(mailbox.mails).toHaveLength(6)
    await low(24)
    await post()
    expect(mailbox.mails).toHaveLength(9)
    const { body } = await as('viewer cleo')('GET', '/notifications')
    expect(body['unread'], 'notices come each time').toBe(5)
  })

  test.each([
    [
      'payment.failed',
      { kind: 'subscription', amountCents: 2900, currency: 'usd', payUrl: 'https://pay.example/i' },
      '$29.00',
    ],
    ['subscription.past_due', { since: '2026-10-01T00:00:00Z' }, 'past due'],
    ['auto_topup.stopped', { declines: 3, reason: 'card_declined' }, '3 times'],
    ['topup.clawed_back', { credits: 80, paymentId: 'p', sequence: 4 }, '80 credits'],
    ['webhook_endpoint.disabled', { host: 'crm.example', reason: 'failing' }, 'crm.example'],
  ])('%s is told to admins and owners alone', async (type, payload, words) => {
    await emit(api, organizationId, type, payload)
    await post()
    expect(inbox()).toEqual(['ann', 'ben'])
    const [letter] = mailbox.mails.filter(({ to }) => to.startsWith('ann'))
    expect(`${letter?.subject} ${letter?.text}`).toContain(words)
    // Whoever may not pay is not told where.
    expect(letter?.text.includes('https://pay.example/i')).toBe(type === 'payment.failed')
    const notices = await as('viewer cleo')('GET', '/notifications')
    expect(notices.text).toContain(type)
    expect(notices.text).not.toContain('pay.example')
  })

  test('wait for a mail server that is away, and the outbox does not', async () => {
    mailbox.isAway = true
    await emit(api, organizationId, 'credits.depleted')
    await emit(api, organizationId, 'plan.changed')
    await post()
    const { rowCount } = await api.database.owner.query(
      'select from stipend.outbox_events where delivered_at is null and organization_id = $1',
      [organizationId],
    )
    expect(rowCount).toBe(0)
    expect(mailbox.mails).toEqual([])
    expect((await messages()).filter(({ channel }) => channel === 'mail')).toEqual(
      ['ann', 'ben', 'cleo'].map(() => ({ channel: 'mail', status: 'pending', last_error: 'EENVELOPE' })),
    )
    expect(await worker.send(), 'not before it is due').toBe(0)
    await worker.passTime()
    await worker.send()
    mailbox.isAway = false
    await worker.passTime()
    await post()
    expect(inbox()).toEqual(['ann', 'ben', 'cleo'])
    await worker.passTime()
    expect(await worker.send()).toBe(0)
  })

  test('wait for a host that cannot say who is who; after 18 hours they have failed', async () => {
    recipientsFail = true
    await emit(api, organizationId, 'credits.depleted')
    await post()
    expect(await messages()).toEqual([
      { channel: 'mail_round', status: 'pending', last_error: 'recipients_unknown' },
    ])
    for (let tries = 0; tries < 7; tries++) {
      await worker.passTime()
      expect(await worker.send()).toBe(1)
    }
    expect(await messages()).toMatchObject([{ status: 'failed' }])
    recipientsFail = false
    await worker.passTime()
    await post()
    expect(mailbox.mails).toEqual([])
  })

  test('are not sent to who has left meanwhile, or is no admin any more', async () => {
    mailbox.isAway = true
    await emit(api, organizationId, 'payment.failed', { amountCents: 100, currency: 'usd' })
    await post()
    mailbox.isAway = false
    people = [person('ben', 'member')]
    await worker.passTime()
    await post()
    expect(mailbox.mails).toEqual([])
    expect((await messages()).slice(0, 2)).toMatchObject([{ status: 'dropped' }, { status: 'dropped' }])
  })

  test('are not made of old news, which is for endpoints alone', async () => {
    const daysAgo = (days: number) => new Date(Date.now() - days * 86_400_000)
    await emit(api, organizationId, 'credits.depleted', {}, daysAgo(3.1))
    await emit(api, organizationId, 'credits.low_balance', {}, daysAgo(31))
    await post()
    expect(await messages()).toEqual([])
    expect((await as('viewer cleo')('GET', '/notifications')).body).toMatchObject({
      notifications: [{ type: 'credits.depleted' }],
    })
    await emit(api, organizationId, 'credits.depleted', {}, daysAgo(2.9))
    await post()
    expect(mailbox.mails).toHaveLength(3)
  })

  test('are sent once by two workers, and once for the same event', async () => {
    for (let count = 0; count < 4; count++) await emit(api, organizationId, 'credits.depleted')
    const second = deliverer(api, options)
    await Promise.all([worker.run(), second.run()])
    await Promise.all([worker.send(), second.send(), worker.send()])
    await post()
    expect(mailbox.mails).toHaveLength(12)
    await api.database.owner.query(
      'update stipend.outbox_events set delivered_at = null where organization_id = $1',
      [organizationId],
    )
    await post()
    expect(mailbox.mails).toHaveLength(12)
  })

  test('a name is a line of the mail, and no link or second address', async () => {
    const name = 'Evil Corp https://evil.example www.evil.example'
    await api.stipend.engine.putOrganization({ organizationId, name, plan: 'pro' })
    people = [{ ...person('ann', 'owner'), email: 'ann@people.example, eve@people.example' }]
    await emit(api, organizationId, 'credits.depleted')
    await post()
    for (const { to, subject } of mailbox.mails) {
      expect(to).not.toContain('eve@people.example,')
      expect(subject).not.toMatch(/:\/\/|www\./)
    }
    expect(mailbox.mails.map(({ to }) => to)).not.toContain('eve@people.example')
  })

  test('go with who is erased', async () => {
    mailbox.isAway = true
    await emit(api, organizationId, 'credits.depleted')
    await post()
    await api.stipend.engine.eraseParty({ organizationId, type: 'member', id: 'ann' })
    mailbox.isAway = false
    await worker.passTime()
    await post()
    const { name } = await api.stipend.engine.getOrganization(organizationId)
    const ours = mailbox.mails.filter(({ subject }) => subject.startsWith(name))
    expect(ours.map(({ to }) => to).sort()).toEqual(['ben@people.example', 'cleo@people.example'])
  })
})

describe('the weekly digest', () => {
  /** Last week's use: two calls by members, two by customers. */
  async function use(): Promise<void> {
    for (const [name, credits, type] of [
      ['Ann', 1.25, 'member'],
      ['Bo', 2, 'member'],
      ['Kim Private', 0.25, 'customer'],
      ['Lee Private', 0.5, 'customer'],
    ] as const) {
      const key = await api.createKey(organizationId, ['reservations:write', 'credits:read'])
      const actor = { type, id: name.toLowerCase(), name }
      const hold = await api.call('POST', '/reservations', { key, body: { capability: 'reply', actor } })
      await api.call('POST', `/reservations/${hold.body.id}/settle`, {
        key,
        body: { actualCredits: credits },
      })
    }
  }
  /** Moves the organization's clock on to a moment of next week. */
  async function moveTo(day: number, hour: number): Promise<void> {
    const now = new Date()
    const monday = Date.UTC(
      now.getUTCFullYear(),
      now.getUTCMonth(),
      now.getUTCDate() - ((now.getUTCDay() + 6) % 7) + 7,
    )
    const offset = (monday + (day * 24 + hour) * 3_600_000 - now.getTime()) / 1000
    await api.database.owner.query(
      `insert into stipend.test_clocks as c values ($1, make_interval(secs => $2))
       on conflict (organization_id) do update set clock_offset = excluded.clock_offset`,
      [organizationId, offset],
    )
  }
  const digest = async () => {
    await api.stipend.engine.notifications.addWeeklyDigests()
    await post()
    return mailbox.mails.length
  }
  const want = (session: string) =>
    as(session)('PUT', '/notification-preferences', { weeklyDigestEmail: true })

  test('comes once, after Monday at 8:00, with the week’s credits by capability and person', async () => {
    await want('owner ann')
    await use()
    expect(await digest(), 'not for the week before somebody asked').toBe(0)
    await moveTo(0, 7.9)
    expect(await digest()).toBe(0)
    await moveTo(0, 8.1)
    // Asked for before it was due, as the clock was then.
    await api.database.owner.query(
      `update stipend.notification_preferences set updated_at = updated_at - interval '8 days'`,
    )
    expect(await Promise.all([digest(), digest()])).toContain(1)
    const [letter] = mailbox.mails
    expect(letter?.to).toBe('ann@people.example')
    expect(letter?.subject).toMatch(/^Usage of .+ to .+ 20\d\d$/)
    expect(letter?.text).toContain('used 4 credits, 4 calls')
    expect(letter?.text).toContain('reply: 4 credits, 4 calls')
    expect(letter?.text).toMatch(
      /Bo: 2 credits, 1 call\n {2}Ann: 1\.25 credits, 1 call\n {2}customers: 0\.75 credits, 2 calls/,
    )
    expect(letter?.text, 'not everybody may read their names').not.toContain('Private')
    await moveTo(3, 0)
    expect(await digest(), 'once a week').toBe(1)
    await moveTo(7, 9)
    expect(await digest(), 'a week without calls tells nothing').toBe(1)
  })

  test('is not for who has not asked for it, or asks when it is past', async () => {
    await use()
    await moveTo(2, 0)
    await want('owner ann')
    expect(await digest()).toBe(0)
  })
})

describe('Slack', () => {
  const connect = (url: string | null) =>
    as('admin ben')('PUT', '/notification-preferences', { slackWebhookUrl: url })
  const address = () => `${slack.url}/services/T1/B2/of-${organizationId}`

  test('is told what is urgent; its address is answered to nobody and logged nowhere', async () => {
    mustNotBeLogged(address())
    const connected = await connect(address())
    expect(connected).toMatchObject({ status: 200, body: { slack: { connected: true, lastError: null } } })
    expect(connected.text).not.toContain('services')
    await emit(api, organizationId, 'credits.topup_purchased', { credits: 100, sequence: 3 })
    await emit(api, organizationId, 'plan.changed', { plan: 'pro', previousPlan: 'free' })
    await emit(api, organizationId, 'credits.depleted')
    await post()
    const texts = slack.requests.map(({ body }) => JSON.parse(body).text)
    expect(texts).toHaveLength(2)
    expect(texts.join('\n')).toContain('bought 100 credits.')
    expect(texts.join('\n')).toContain(`<https://app.example/${organizationId}/billing|Billing>`)
    expect(slack.requests[0]?.path).toBe(`/services/T1/B2/of-${organizationId}`)
  })

  test('a post that fails is told by its kind and tried again', async () => {
    await connect(address())
    slack.answer(404, { body: 'no_service' })
    await emit(api, organizationId, 'credits.depleted')
    await post()
    const preferences = () => as('viewer cleo')('GET', '/notification-preferences')
    expect((await preferences()).body).toMatchObject({ slack: { connected: true, lastError: 'http_404' } })
    slack.answer(200)
    await worker.passTime()
    await post()
    expect((await preferences()).body).toMatchObject({ slack: { lastError: null } })
    expect(slack.requests).toHaveLength(2)
  })

  test('the test button posts at once and says how it went', async () => {
    const push = () => as('admin ben')('POST', '/notification-preferences/slack/test')
    expect(await push()).toMatchObject({ status: 404 })
    await connect(address())
    expect(await push()).toMatchObject({ status: 200, body: { connected: true, lastError: null } })
    expect(slack.requests).toHaveLength(1)
    slack.answer(410)
    expect((await push()).body).toMatchObject({ lastError: 'http_410' })
    await connect(null)
    expect((await push()).status).toBe(404)
    await emit(api, organizationId, 'credits.depleted')
    await post()
    expect(slack.requests, 'disconnected').toHaveLength(2)
  })

  test.each([
    'https://hooks.slack.com.evil.example/services/x',
    'http://hooks.slack.example/services/x',
    'https://evil.example/https://hooks.slack.com/',
    'https://hooks.slack.com/',
    'nothing',
  ])('%s is no address of Slack’s', async (url) => {
    const refused = await connect(url)
    expect(refused).toMatchObject({
      status: 400,
      body: { code: 'invalid_request', field: 'slackWebhookUrl' },
    })
  })

  test('is for admins to connect', async () => {
    const refused = await as('member cleo')('PUT', '/notification-preferences', {
      slackWebhookUrl: null,
      lowBalanceEmail: false,
    })
    expect(refused).toMatchObject({ status: 403, body: { field: 'slackWebhookUrl' } })
    expect((await as('member cleo')('POST', '/notification-preferences/slack/test')).status).toBe(403)
    expect((await as('member cleo')('GET', '/notification-preferences')).body).toMatchObject({
      lowBalanceEmail: true,
    })
  })
})

describe('notices in the console', () => {
  test('are the organization’s, read by each person apart', async () => {
    for (const type of ['credits.depleted', 'budget.threshold', 'plan.changed', 'reservation.expired']) {
      await emit(api, organizationId, type, { type })
    }
    await worker.fanOut()
    const ann = as('owner ann')
    const cleo = as('viewer cleo')
    const first = (await ann('GET', '/notifications')).body
    expect(first.notifications.map(({ type }) => type)).toEqual([
      'plan.changed',
      'budget.threshold',
      'credits.depleted',
    ])
    expect(first['unread']).toBe(3)
    const [, second] = first.notifications
    const read = await ann('POST', '/notifications/read', { upTo: second?.id ?? '' })
    expect(read).toMatchObject({ status: 200, body: { unread: 1 } })
    // What was read stays read.
    await ann('POST', '/notifications/read', { upTo: first.notifications[2]?.id ?? '' })
    expect((await ann('GET', '/notifications')).body).toMatchObject({
      unread: 1,
      notifications: [{ isRead: false }, { isRead: true }, { isRead: true }],
    })
    expect((await cleo('GET', '/notifications')).body).toMatchObject({ unread: 3 })
    // One far ahead marks what is there, not what is to come.
    await cleo('POST', '/notifications/read', { upTo: '999999999999999999' })
    expect((await cleo('GET', '/notifications')).body).toMatchObject({ unread: 0 })
    await emit(api, organizationId, 'plan.changed')
    await worker.fanOut()
    expect((await cleo('GET', '/notifications')).body).toMatchObject({ unread: 1 })
    await cleo('PUT', '/notification-preferences', { inApp: false })
    expect((await cleo('GET', '/notifications')).body).toMatchObject({ unread: 0 })
  })

  test('come in pages; a cursor or id that is none is refused', async () => {
    for (let count = 0; count < 5; count++) await emit(api, organizationId, 'plan.changed', { count })
    await worker.fanOut()
    const ann = as('owner ann')
    const counts: unknown[] = []
    for (let cursor = ''; ; ) {
      const { body } = await ann('GET', `/notifications?limit=2${cursor}`)
      counts.push(...body.notifications.map(({ payload }) => payload['count']))
      if (body.nextCursor === null) break
      cursor = `&cursor=${body.nextCursor}`
    }
    expect(counts).toEqual([4, 3, 2, 1, 0])
    expect((await ann('GET', '/notifications?cursor=x')).status).toBe(400)
    for (const upTo of ['x', '', '-1', 5]) {
      expect((await ann('POST', '/notifications/read', { upTo })).status).toBe(400)
    }
  })
})

test('a worker delivers events promptly after it has taken them, and retries soon', async () => {
  const receiver = await startReceiver()
  const running = await api.stipend.startWorker({ databaseUrl: api.database.ownerUrl })
  try {
    await api.database.owner.query(`select stipend_jobs.add_job('deliver-messages')`)
    const key = await api.createKey(organizationId, ['admin'])
    await api.call('POST', '/webhook-endpoints', { key, body: { url: `${receiver.url}/hook` } })
    receiver.answer(500)
    await emit(api, organizationId, 'credits.depleted')
    await api.database.owner.query(`select stipend_jobs.add_job('deliver-events')`)
    await expect.poll(() => receiver.requests.length, { timeout: 8_000 }).toBe(1)
    await expect.poll(() => inbox(), { timeout: 8_000 }).toEqual(['ann', 'ben', 'cleo'])
    receiver.answer(200)
    const [first] = receiver.requests
    // The first retry is due after 5 s, the jobs come each minute.
    await expect.poll(() => receiver.requests.length, { timeout: 15_000 }).toBe(2)
    expect((receiver.requests[1]?.at ?? 0) - (first?.at ?? 0)).toBeGreaterThan(4_000)
    await setTimeout(500)
    expect(receiver.requests).toHaveLength(2)
  } finally {
    await running.stop()
    await receiver[Symbol.asyncDispose]()
  }
}, 40_000)
