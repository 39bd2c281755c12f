import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Mailbox, startMailbox } from '../test-support/mailbox.ts'
import {
  join,
  must,
  newBrowser,
  newOrganization,
  newPerson,
  type Person,
  password,
} from '../test-support/person.ts'
import { startTestProduct, type TestProduct } from '../test-support/product.ts'

let mailbox: Mailbox
let product: TestProduct

beforeAll(async () => {
  mailbox = await startMailbox()
  product = await startTestProduct({ providers: {}, signIn: { smtpUrl: mailbox.url } })
})
afterAll(async () => {
  await product[Symbol.asyncDispose]()
  await mailbox[Symbol.asyncDispose]()
})

const person = (name: string): Promise<Person> => newPerson(product, mailbox, name)

async function count(sql: string, values: readonly unknown[] = []): Promise<number> {
  const { rows } = await product.database.owner.query<{ count: string }>(`select count(*) from ${sql}`, [
    ...values,
  ])
  return Number(rows[0]?.count)
}

describe('welcome bonuses', () => {
  const create = ({ browser }: Person, slug: string) =>
    browser.post('/auth/organization/create', { name: 'Free', slug })

  it('come five to a person, though 30 organizations are made at once', async () => {
    const greedy = await person('Greedy')
    const before = await count('stipend.organizations')
    const answers = await Promise.all(
      Array.from({ length: 30 }, (_, index) => create(greedy, `greedy-${index}`)),
    )
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(5)
    expect((await count('stipend.organizations')) - before).toBe(5)
  })

  it('do not come again for organizations that are given away', async () => {
    const giver = await person('Giver')
    const taker = await person('Taker')
    for (let index = 0; index < 5; index++) {
      const organizationId = await newOrganization(giver, `Given ${index}`)
      await join(giver, organizationId, taker, 'owner')
      must(await giver.browser.post('/auth/organization/leave', { organizationId }))
    }
    expect((await create(giver, 'given-again')).status).toBe(403)
  })

  it('come with no organization that is refused', async () => {
    const refused = await person('Refused')
    const before = await count('stipend.organizations')
    for (const slug of ['x'.repeat(9_000), 'Ünïcode', '-', 'a b', '']) {
      expect([slug, (await create(refused, slug)).status]).toEqual([slug, 400])
    }
    expect(await count('stipend.organizations')).toBe(before)
  })
})

describe('an address that somebody else signed up with first', () => {
  it('is its owner’s once they confirm it: the other password is worth nothing', async () => {
    const email = 'victim@people.example'
    const attacker = newBrowser(product)
    must(
      await attacker.post('/auth/sign-up/email', {
        name: 'Mallory',
        email,
        password: 'the attacker knows it',
      }),
    )
    const link = (await mailbox.next(email)).links[0] ?? ''
    const victim = newBrowser(product)
    must(await victim.post('/auth/sign-up/email', { name: 'Vic', email, password }))
    await mailbox.next(email)
    must(await victim.get(link), 302)
    const tried = await attacker.post('/auth/sign-in/email', { email, password: 'the attacker knows it' })
    expect(tried.status).toBe(401)
    const token = new URL((await mailbox.next(email)).links[0] ?? '').searchParams.get('token')
    must(await victim.post('/auth/reset-password', { token, newPassword: password }))
    expect(must(await victim.post('/auth/sign-in/email', { email, password })).body.user.email).toBe(email)
  })

  it('is not confirmed for them by a mail scanner that follows links', async () => {
    const email = 'scanned@people.example'
    const attacker = newBrowser(product)
    must(
      await attacker.post('/auth/sign-up/email', {
        name: 'Mallory',
        email,
        password: 'the attacker knows it',
      }),
    )
    must(await newBrowser(product).get((await mailbox.next(email)).links[0] ?? ''), 302)
    const tried = await attacker.post('/auth/sign-in/email', { email, password: 'the attacker knows it' })
    expect(tried.status).toBe(401)
  })

  it('gets at most eight letters an hour, whoever asks for them from wherever', async () => {
    const email = 'bombed@people.example'
    await Promise.all(
      Array.from({ length: 30 }, () =>
        newBrowser(product).post('/auth/sign-up/email', { name: 'Bomb', email, password }),
      ),
    )
    await newBrowser(product).post('/auth/request-password-reset', { email })
    await expect.poll(() => count(`auth.counters where key like 'letters|%' and count > 8`)).toBe(1)
    expect(mailbox.mails.filter(({ to }) => to === email)).toHaveLength(8)
  })
})

describe('what is kept of requests', () => {
  it('is nothing for endpoints that there are not', async () => {
    const before = await count('auth.rate_limits')
    const browser = newBrowser(product)
    for (const path of [
      '/auth/nothing',
      `/auth/${'x'.repeat(9_000)}`,
      '/auth/sign-in/email/',
      '/auth//get-session',
    ]) {
      expect((await browser.get(path)).status).toBe(404)
    }
    expect(await count('auth.rate_limits')).toBe(before)
  })

  it('is no name that is not one line, and no logo or metadata', async () => {
    for (const name of ['', 'two\nlines', 'x'.repeat(201)]) {
      const email = 'named@people.example'
      const { status } = await newBrowser(product).post('/auth/sign-up/email', { name, email, password })
      expect([name.length, status]).toEqual([name.length, 400])
    }
    const owner = await person('Plain')
    expect((await owner.browser.post('/auth/update-user', { name: 'a\u202eb' })).status).toBe(400)
    const organizationId = await newOrganization(owner, 'Plain')
    for (const data of [{ logo: 'x'.repeat(1_000) }, { metadata: { a: 1 } }]) {
      expect((await owner.browser.post('/auth/organization/update', { organizationId, data })).status).toBe(
        400,
      )
    }
  })

  it('is no person who never confirmed their address, after a week', async () => {
    const { owner } = product.database
    const email = 'never@people.example'
    must(await newBrowser(product).post('/auth/sign-up/email', { name: 'Never', email, password }))
    await owner.query(`update auth.users set created_at = now() - interval '8 days' where email = $1`, [
      email,
    ])
    const { deleteExpiredSignIns } = await import('./expired.ts')
    await deleteExpiredSignIns(product.database.server)
    expect(await count('auth.users where email = $1', [email])).toBe(0)
  })
})

it.each(['/..//evil.example', '/.//evil.example', '/\\evil.example', '//evil.example'])(
  'a callback to %s leads nowhere else',
  async (callbackURL) => {
    const path = `/auth/verify-email?token=x&callbackURL=${encodeURIComponent(callbackURL)}`
    const { status, headers } = await newBrowser(product).get(path)
    const location = headers.get('location')
    const leads = location === null ? product.url : new URL(location, product.url).origin
    expect([status, leads]).toEqual([status, product.url])
  },
)

it('invitations of an admin who is removed, or is one no more, are void', async () => {
  const owner = await person('Boss')
  const organizationId = await newOrganization(owner, 'Bossy')
  for (const [name, end] of [
    ['Removed', 'remove-member'],
    ['Demoted', 'update-member-role'],
  ] as const) {
    const admin = await person(name)
    await join(owner, organizationId, admin, 'admin')
    const again = await person(`${name}Again`)
    const invited = must(
      await admin.browser.post('/auth/organization/invite-member', {
        organizationId,
        email: again.email,
        role: 'admin',
      }),
    )
    const { rows } = await product.database.owner.query<{ id: string }>(
      'select id from auth.members where organization_id = $1 and user_id = $2',
      [organizationId, admin.userId],
    )
    const id = rows[0]?.id
    must(
      await owner.browser.post(`/auth/organization/${end}`, {
        organizationId,
        memberIdOrEmail: id,
        memberId: id,
        role: 'viewer',
      }),
    )
    const accepted = await again.browser.post('/auth/organization/accept-invitation', {
      invitationId: invited.body.id,
    })
    expect([name, accepted.status]).toEqual([name, 400])
  }
})

it('wrong passwords of an account are remembered while others come and go', async () => {
  const { email } = await person('Remembered')
  for (let attempt = 0; attempt < 20; attempt++) {
    expect(
      (await newBrowser(product).post('/auth/sign-in/email', { email, password: 'wrong password' })).status,
    ).toBe(401)
  }
  // As if a minute had passed: better-auth forgets counters older than its own longest window.
  await product.database.owner.query('update auth.rate_limits set last_request = last_request - 61000')
  await newBrowser(product).get('/auth/get-session')
  expect((await newBrowser(product).post('/auth/sign-in/email', { email, password })).status).toBe(429)
})
