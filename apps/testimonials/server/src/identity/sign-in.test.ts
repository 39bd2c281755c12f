import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createMailer } from '../mail/mailer.ts'
import type { Browser } from '../test-support/browser.ts'
import { type Mailbox, startMailbox } from '../test-support/mailbox.ts'
import { must, newBrowser, newPerson, password } from '../test-support/person.ts'
import { type Answer, startTestProduct, type TestProduct } from '../test-support/product.ts'
import { clientAddressHeader } from './auth.ts'
import { deleteExpiredSignIns } from './expired.ts'
import { createSignIn } from './sign-in.ts'

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

const sessionCookie = 'testimonials.session_token'
const other = 'another long password'

const signIn = (browser: Browser, email: string, secret = password): Promise<Answer> =>
  browser.post('/auth/sign-in/email', { email, password: secret })

/** The parts of an answer that must not differ between an address that is known and one that is not. */
const shape = ({ status, body, headers }: Answer) => ({
  status,
  keys: Object.keys(body.user ?? body).sort(),
  code: body.code,
  message: body.message,
  cookies: headers.getSetCookie().length,
})

describe('signing up', () => {
  it('asks for the link in the mail before anybody can sign in', async () => {
    const browser = newBrowser(product)
    const email = 'ada@people.example'
    const signUp = must(await browser.post('/auth/sign-up/email', { name: 'Ada', email, password }))
    expect(signUp.body.token).toBeNull()
    const mail = await mailbox.next(email)
    expect(mail).toMatchObject({ from: 'no-reply@product.example', subject: 'Confirm your e-mail address' })
    const early = await signIn(browser, email)
    expect([early.status, early.body.code]).toEqual([403, 'EMAIL_NOT_VERIFIED'])
    // Only the one that says which browser signed up.
    expect([...browser.cookies.keys()]).toEqual(['testimonials.sign_up'])
    // The link proves the address, not the password: whoever follows it is not signed in by it.
    must(await browser.get(mail.links[0] ?? ''), 302)
    expect([...browser.cookies.keys()]).toEqual(['testimonials.sign_up'])
    expect(must(await signIn(browser, email)).body.user).toMatchObject({ email, emailVerified: true })
    expect((await browser.get('/auth/get-session')).body.user.email).toBe(email)
  })

  it('takes nothing that is not asked for: no role, no verified address, no organization', async () => {
    const browser = newBrowser(product)
    const email = 'mallory@people.example'
    const greedy = {
      name: 'Mallory',
      email,
      password,
      id: 'chosen',
      emailVerified: true,
      role: 'operator',
      organizationId: 'lumen',
      activeOrganizationId: 'lumen',
      createdAt: '2000-01-01T00:00:00Z',
    }
    const answer = await browser.post('/auth/sign-up/email', greedy)
    const { rows } = await product.database.owner.query<Record<string, unknown>>(
      'select * from auth.users where email = $1',
      [email],
    )
    expect(answer.status < 300 ? rows.length : rows).toEqual(answer.status < 300 ? 1 : [])
    for (const row of rows) expect(row).toMatchObject({ email_verified: false, name: 'Mallory' })
    for (const row of rows) expect(row['id']).not.toBe('chosen')
    expect((await signIn(browser, email)).status).toBeGreaterThanOrEqual(400)
    const members = await product.database.owner.query('select from auth.members')
    expect(members.rowCount).toBe(0)
  })

  it.each([
    ['short', { password: 'short' }, 'PASSWORD_TOO_SHORT'],
    ['too long', { password: 'x'.repeat(129) }, 'PASSWORD_TOO_LONG'],
  ])('refuses a password that is %s', async (_name, part, code) => {
    const answer = await newBrowser(product).post('/auth/sign-up/email', {
      name: 'Ben',
      email: 'ben@people.example',
      ...part,
    })
    expect([answer.status, answer.body.code]).toEqual([400, code])
  })
})

describe('whether an address has an account', () => {
  it('is told neither by signing up, nor by signing in, nor by asking for a new password', async () => {
    const { email } = await newPerson(product, mailbox, 'Known')
    const unknown = 'nobody@people.example'
    const pairs = []
    for (const [path, body] of [
      ['/auth/sign-up/email', { name: 'Known', password }],
      ['/auth/sign-in/email', { password: 'not the password' }],
      ['/auth/request-password-reset', {}],
      ['/auth/send-verification-email', {}],
    ] as const) {
      const [known, stranger] = [
        await newBrowser(product).post(path, { ...body, email }),
        await newBrowser(product).post(path, {
          ...body,
          email: path.includes('sign-up') ? `new.${unknown}` : unknown,
        }),
      ]
      pairs.push([path, shape(known), shape(stranger)])
    }
    for (const [, known, stranger] of pairs) expect(known).toEqual(stranger)
    // Their owner is told by mail.
    const subjects = mailbox.mails.filter(({ to }) => to === email).map(({ subject }) => subject)
    expect(subjects).toContain('You have an account already')
    expect(subjects).toContain('Choose a new password')
    expect(mailbox.mails.filter(({ to }) => to === unknown)).toEqual([])
  })

  it('is not told by the time that it takes', async () => {
    const { email } = await newPerson(product, mailbox, 'Timed')
    const times = { known: [] as number[], unknown: [] as number[] }
    for (let round = 0; round < 8; round++) {
      for (const [kind, address] of [
        ['known', email],
        ['unknown', 'timeless@people.example'],
      ] as const) {
        const browser = newBrowser(product)
        const startedAt = performance.now()
        expect((await signIn(browser, address, 'not the password')).status).toBe(401)
        times[kind].push(performance.now() - startedAt)
      }
    }
    const median = (values: number[]) => values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0
    const [known, unknown] = [median(times.known), median(times.unknown)]
    // A look-up without a hash takes under a tenth of one with it.
    expect(Math.min(known, unknown) / Math.max(known, unknown)).toBeGreaterThan(0.5)
  })
})

describe('a session', () => {
  it('has a cookie that scripts and other sites do not get, and no Secure on plain HTTP', async () => {
    const { browser } = await newPerson(product, mailbox, 'Cookie')
    const cookie = browser.setCookies.find((text) => text.startsWith(`${sessionCookie}=`)) ?? ''
    expect(cookie).toMatch(/; HttpOnly/i)
    expect(cookie).toMatch(/; SameSite=Lax/i)
    expect(cookie).toMatch(/; Path=\//i)
    expect(cookie).not.toMatch(/; (Secure|Domain)/i)
  })

  it('is new at each sign-in: one that was planted before is worth nothing', async () => {
    const { browser, email } = await newPerson(product, mailbox, 'Fixed')
    const planted = browser.cookies.get(sessionCookie) ?? ''
    const victim = newBrowser(product)
    victim.setCookie(sessionCookie, planted)
    must(await signIn(victim, email))
    expect(victim.cookies.get(sessionCookie)).not.toBe(planted)
    const forged = newBrowser(product)
    forged.setCookie(sessionCookie, 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa')
    expect((await forged.get('/auth/get-session')).body).toBeNull()
  })

  it('is found by the signed cookie alone, not by the token in the database', async () => {
    const { userId } = await newPerson(product, mailbox, 'Leaked')
    const { rows } = await product.database.owner.query<{ token: string }>(
      'select token from auth.sessions where user_id = $1',
      [userId],
    )
    for (const value of [rows[0]?.token ?? '', `${rows[0]?.token}.AAAA`]) {
      const thief = newBrowser(product)
      thief.setCookie(sessionCookie, value)
      expect((await thief.get('/auth/get-session')).body).toBeNull()
    }
  })

  it('changes nothing of the person or itself that is not theirs to change', async () => {
    const { browser, userId, email } = await newPerson(product, mailbox, 'Greedy')
    const { rows: before } = await product.database.owner.query(
      'select * from auth.sessions where user_id = $1',
      [userId],
    )
    const greedy = {
      name: 'Greedier',
      id: 'x',
      email: 'other@people.example',
      emailVerified: false,
      role: 'operator',
      createdAt: '2000-01-01T00:00:00Z',
      userId: 'x',
      expiresAt: '2100-01-01T00:00:00Z',
      activeOrganizationId: 'lumen',
      token: 'chosen',
    }
    for (const [key, value] of Object.entries(greedy)) {
      for (const path of ['/auth/update-user', '/auth/update-session']) {
        expect((await browser.post(path, { [key]: value })).status).toBeLessThan(500)
      }
    }
    const { rows } = await product.database.owner.query('select * from auth.users where id = $1', [userId])
    expect(rows).toMatchObject([{ name: 'Greedier', email, email_verified: true }])
    const { rows: after } = await product.database.owner.query(
      'select * from auth.sessions where user_id = $1',
      [userId],
    )
    expect(after.map(({ updated_at: _, ...row }) => row)).toEqual(
      before.map(({ updated_at: _, ...row }) => row),
    )
  })

  it('is deleted some time after its end, as links and the counters of limits are', async () => {
    const [ended, standing] = [
      await newPerson(product, mailbox, 'Ended'),
      await newPerson(product, mailbox, 'Standing'),
    ]
    const { owner, server } = product.database
    await owner.query('update auth.sessions set expires_at = now() where user_id = $1', [ended.userId])
    await product.testimonials.signIn.oneTimeLink(standing.email)
    await owner.query('update auth.verifications set expires_at = now()')
    await product.testimonials.signIn.oneTimeLink(standing.email)
    await owner.query(
      `insert into auth.rate_limits (id, key, count, last_request) values ('old', 'old', 1, $1)`,
      [Date.now() - 25 * 60 * 60 * 1000],
    )
    await deleteExpiredSignIns(server)
    const left = async (sql: string) => (await owner.query<{ n: string }>(sql)).rows.map(({ n }) => n)
    expect(await left(`select user_id as n from auth.sessions where user_id = '${ended.userId}'`)).toEqual([])
    expect((await standing.browser.get('/auth/get-session')).body.user.id).toBe(standing.userId)
    expect(await left('select id as n from auth.verifications')).toHaveLength(1)
    expect(await left(`select id as n from auth.rate_limits where id = 'old'`)).toEqual([])
    expect((await left('select id as n from auth.rate_limits')).length).toBeGreaterThan(0)
  })

  it('ends with signing out, on the server too', async () => {
    const { browser } = await newPerson(product, mailbox, 'Leaving')
    const kept = browser.cookies.get(sessionCookie) ?? ''
    must(await browser.post('/auth/sign-out'))
    expect(browser.cookies.has(sessionCookie)).toBe(false)
    browser.setCookie(sessionCookie, kept)
    expect((await browser.get('/auth/get-session')).body).toBeNull()
  })
})

describe('a one-time link', () => {
  const invalid = () => [302, `${product.url}/?error=INVALID_TOKEN`]

  it('signs in once, also if many follow it at once', async () => {
    const { email } = await newPerson(product, mailbox, 'Linked')
    const link = await product.testimonials.signIn.oneTimeLink(email)
    const browsers = Array.from({ length: 6 }, () => newBrowser(product))
    const answers = await Promise.all(browsers.map((browser) => browser.get(link)))
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 302))
    expect(browsers.filter(({ cookies }) => cookies.has(sessionCookie))).toHaveLength(1)
    expect(answers.filter(({ headers }) => headers.get('location') === `${product.url}/`)).toHaveLength(1)
  })

  it('ends after an hour, and its hash is none', async () => {
    const { email } = await newPerson(product, mailbox, 'Late')
    const link = await product.testimonials.signIn.oneTimeLink(email)
    const { rows } = await product.database.owner.query<{ identifier: string; seconds: number }>(
      `select identifier, extract(epoch from expires_at - now())::integer as seconds
       from auth.verifications where identifier like 'magic-link:%' or value like $1`,
      [`%${email}%`],
    )
    expect(rows).toHaveLength(1)
    expect(rows[0]?.seconds).toBeGreaterThan(3_500)
    expect(rows[0]?.seconds).toBeLessThanOrEqual(3_600)
    const hashed = new URL(link)
    hashed.searchParams.set('token', rows[0]?.identifier.replace('magic-link:', '') ?? '')
    const browser = newBrowser(product)
    const stolen = await browser.get(hashed.href)
    expect([stolen.status, stolen.headers.get('location')]).toEqual(invalid())
    await product.database.owner.query(
      `update auth.verifications set expires_at = now() - interval '1 second'`,
    )
    const late = await browser.get(link)
    expect([late.status, late.headers.get('location')]).toEqual(invalid())
    expect(browser.setCookies).toEqual([])
  })
})

describe('a new password', () => {
  it('comes by a link that works once, and signs everybody else out', async () => {
    const { browser, email } = await newPerson(product, mailbox, 'Reset')
    const elsewhere = newBrowser(product)
    must(await elsewhere.post('/auth/request-password-reset', { email, redirectTo: '/anywhere' }))
    const mail = await mailbox.next(email)
    const link = new URL(mail.links[0] ?? '')
    expect([link.origin, link.pathname]).toEqual([product.url, '/reset-password'])
    const token = link.searchParams.get('token')
    must(await elsewhere.post('/auth/reset-password', { token, newPassword: other }))
    expect((await browser.get('/auth/get-session')).body).toBeNull()
    expect((await signIn(elsewhere, email)).status).toBe(401)
    must(await signIn(elsewhere, email, other))
    const again = await elsewhere.post('/auth/reset-password', { token, newPassword: password })
    expect([again.status, again.body.code]).toEqual([400, 'INVALID_TOKEN'])
  })

  it('cannot be had with the token as the database keeps it', async () => {
    const { email } = await newPerson(product, mailbox, 'Hashed')
    const browser = newBrowser(product)
    must(await browser.post('/auth/request-password-reset', { email }))
    const link = new URL((await mailbox.next(email)).links[0] ?? '')
    const { rows } = await product.database.owner.query<{ identifier: string }>(
      'select identifier from auth.verifications',
    )
    expect(rows.length).toBeGreaterThan(0)
    const token = link.searchParams.get('token') ?? ''
    expect(rows.some(({ identifier }) => identifier.includes(token))).toBe(false)
    for (const { identifier } of rows) {
      const answer = await newBrowser(product).post('/auth/reset-password', {
        token: identifier,
        newPassword: other,
      })
      expect(answer.status).toBe(400)
    }
  })
})

describe('other pages', () => {
  const foreign = 'https://evil.example'

  it.each([
    ['another origin', { origin: foreign }],
    ['no origin', { origin: '' }],
    ['null', { origin: 'null' }],
    ['a name that begins like ours', { origin: 'http://127.0.0.1.evil.example' }],
  ])('change nothing with the cookie: %s', async (_name, headers) => {
    const { browser } = await newPerson(product, mailbox, `Csrf${_name.length}`)
    for (const path of ['/auth/sign-out', '/auth/update-user', '/auth/organization/create']) {
      const answer = await browser.post(path, { name: 'Evil', slug: 'evil' }, headers)
      expect([path, answer.status]).toEqual([path, 403])
    }
    expect((await browser.get('/auth/get-session')).body.user.name).toMatch(/^Csrf/)
  })

  it('sign nobody in to an account of theirs', async () => {
    const { email } = await newPerson(product, mailbox, 'Attacker')
    const victim = newBrowser(product)
    const answer = await victim.post('/auth/sign-in/email', { email, password }, { origin: foreign })
    expect(answer.status).toBe(403)
    const navigated = await victim.send(
      'POST',
      '/auth/sign-in/email',
      { email, password },
      {
        'sec-fetch-site': 'cross-site',
        'sec-fetch-mode': 'navigate',
      },
    )
    expect(navigated.status).toBe(403)
    expect(victim.setCookies).toEqual([])
  })

  const elsewhere = [
    foreign,
    '//evil.example',
    '/\\evil.example',
    'javascript:alert(1)',
    'http://127.0.0.1@evil.example/',
  ]

  it.each(elsewhere)('are not where a link leads: %s', async (target) => {
    const browser = newBrowser(product)
    const email = 'redirected@people.example'
    const person = { name: 'R', email, password }
    const encoded = encodeURIComponent(target)
    const answers = [
      await browser.post('/auth/sign-up/email', { ...person, callbackURL: target }),
      await browser.post('/auth/sign-in/email', { email, password, callbackURL: target }),
      await browser.post('/auth/request-password-reset', { email, redirectTo: target }),
      await browser.get(`/auth/verify-email?token=x&callbackURL=${encoded}`),
      await browser.get(`/auth/reset-password/x?callbackURL=${encoded}`),
      await browser.get(`/auth/magic-link/verify?token=x&callbackURL=${encoded}`),
      await browser.get(`/auth/magic-link/verify?token=x&errorCallbackURL=${encoded}`),
    ]
    for (const { status, headers } of answers) {
      expect(status).toBe(403)
      expect(headers.get('location')).toBeNull()
    }
  })
})

describe('trying passwords', () => {
  it('ends in 429 with a time, for that address alone and whatever it calls itself', async () => {
    const { email } = await newPerson(product, mailbox, 'Guessed')
    const guesser = newBrowser(product)
    const statuses = []
    for (let guess = 0; guess < 12; guess++) {
      const answer = await signIn(guesser, email, `guess number ${guess}`)
      statuses.push(answer.status)
      if (answer.status === 429) expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0)
    }
    expect(statuses.filter((status) => status === 401)).toHaveLength(10)
    expect(statuses.slice(10)).toEqual([429, 429])
    // What the caller adds to the proxy's header, or names itself, makes no new sender of it.
    const right = { email, password }
    for (const headers of [
      { 'x-stipend-client-address': '203.0.113.9' },
      { 'x-real-ip': '203.0.113.9', forwarded: 'for=203.0.113.9' },
    ]) {
      expect((await guesser.post('/auth/sign-in/email', right, headers)).status).toBe(429)
    }
    must(await signIn(newBrowser(product), email))
  })
})

describe('trying passwords of one account from many addresses', () => {
  it('ends too, whether the account is there or not, until its owner has a new password', async () => {
    const { email } = await newPerson(product, mailbox, 'Distributed')
    for (const address of [email, 'no.account@people.example', `  ${email.toUpperCase()} `.trim()]) {
      const answers = await Promise.all(
        Array.from({ length: 22 }, () => signIn(newBrowser(product), address, 'not the password')),
      )
      const refused = answers.filter(({ status }) => status === 429)
      expect([address, refused.length]).toEqual([address, address === email.toUpperCase() ? 22 : 2])
      expect(Number(refused[0]?.headers.get('retry-after'))).toBeGreaterThan(800)
      expect(refused[0]?.body.code).toBe('TOO_MANY_TRIES')
    }
    const owner = newBrowser(product)
    expect((await signIn(owner, email)).status).toBe(429)
    must(await owner.post('/auth/request-password-reset', { email }))
    const token = new URL((await mailbox.next(email)).links[0] ?? '').searchParams.get('token')
    must(await owner.post('/auth/reset-password', { token, newPassword: other }))
    must(await signIn(owner, email, other))
  })

  it('begins anew after a right one, and after a quarter of an hour', async () => {
    const { email } = await newPerson(product, mailbox, 'Forgetful')
    const { owner } = product.database
    const wrong = () => signIn(newBrowser(product), email, 'not the password')
    const tries = async () => {
      const { rows } = await owner.query<{ count: number }>(
        `select count from auth.counters where key like 'account|%' order by last_request desc limit 1`,
      )
      return rows[0]?.count
    }
    expect((await wrong()).status).toBe(401)
    expect((await wrong()).status).toBe(401)
    expect(await tries()).toBe(2)
    must(await signIn(newBrowser(product), email))
    expect((await wrong()).status).toBe(401)
    expect(await tries()).toBe(1)
    await owner.query(`update auth.counters set count = 21 where key like 'account|%'`)
    expect((await wrong()).status).toBe(429)
    await owner.query(
      `update auth.counters set last_request = last_request - 900001 where key like 'account|%'`,
    )
    expect((await wrong()).status).toBe(401)
    expect(await tries()).toBe(1)
  })
})

describe('limits', () => {
  it('are counted in the database, for all servers of it together', async () => {
    const { email } = await newPerson(product, mailbox, 'Spread')
    const { signIn: first } = product.testimonials
    const mailer = createMailer({ smtpUrl: mailbox.url, from: 'us@product.example', directory: '' })
    const second = createSignIn({
      database: product.database.server,
      baseUrl: new URL(product.url),
      frontendUrl: new URL(product.url),
      secret: 'a secret of tests, long enough for all of them',
      operatorEmails: [],
      mailer,
      putOrganization: async () => undefined,
    })
    const statuses = []
    for (let attempt = 0; attempt < 12; attempt++) {
      const request = new Request(`${product.url}/auth/sign-in/email`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', [clientAddressHeader]: '203.0.113.77' },
        body: JSON.stringify({ email, password: 'not the password' }),
      })
      const { auth } = attempt % 2 === 0 ? first : second
      statuses.push((await auth.handler(request)).status)
    }
    expect(statuses).toEqual([...Array.from({ length: 10 }, () => 401), 429, 429])
    await second.close()
  })
})

describe('sign-in with Google', () => {
  it('is offered where it is configured, with state and a challenge, and back to our own address', async () => {
    const body = { provider: 'google', callbackURL: '/' }
    expect((await newBrowser(product).post('/auth/sign-in/social', body)).status).toBe(404)
    const google = { clientId: 'client-id', clientSecret: 'client-secret' }
    await using configured = await startTestProduct({
      providers: {},
      signIn: { smtpUrl: mailbox.url, google },
    })
    const browser = newBrowser(configured)
    const answer = must(await browser.post('/auth/sign-in/social', body))
    const url = new URL(answer.body.url)
    expect(url.origin).toBe('https://accounts.google.com')
    expect(Object.fromEntries(url.searchParams)).toMatchObject({
      client_id: 'client-id',
      redirect_uri: `${configured.url}/auth/callback/google`,
      code_challenge_method: 'S256',
      state: expect.stringMatching(/.{20,}/),
    })
    const forged = await newBrowser(configured).get(
      `/auth/callback/google?code=stolen&state=${url.searchParams.get('state')}`,
    )
    expect(forged.status).toBe(302)
    expect(forged.headers.get('location')).toMatch(new RegExp(`^${configured.url}/sign-in\\?error=`))
    expect(
      forged.headers
        .getSetCookie()
        .filter((cookie) => cookie.includes('session_token=') && !cookie.includes('session_token=;')),
    ).toEqual([])
  })
})

describe('the routes of sign-in', () => {
  it('answer with the headers of all routes', async () => {
    const [ours, theirs] = [
      await newBrowser(product).get('/credits/balance', { 'x-request-id': 'mine' }),
      await newBrowser(product).get('/auth/get-session', { 'x-request-id': 'mine' }),
    ]
    const names = ['x-request-id', 'cache-control', 'content-security-policy', 'x-content-type-options']
    for (const name of [...names, 'x-frame-options', 'referrer-policy', 'permissions-policy']) {
      expect([name, theirs.headers.get(name)]).toEqual([name, ours.headers.get(name)])
      expect(theirs.headers.get(name)).not.toBeNull()
    }
  })

  it.each([
    ['POST', '/auth/sign-in/magic-link', { email: 'ada@people.example' }, 404],
    ['GET', '/auth/error?error=%3Cscript%3E', undefined, 404],
    ['GET', '/auth/nothing', undefined, 404],
    ['POST', '/auth/sign-jwt', { payload: { sub: 'me' } }, 404],
    ['POST', '/auth/organization/add-member', { userId: 'me', role: 'owner' }, 404],
    ['DELETE', '/auth/sign-in/email', undefined, 405],
    ['POST', '/auth/delete-user', {}, 404],
  ])('%s %s is none of them', async (method, path, body, status) => {
    const { browser } = await newPerson(product, mailbox, `None${path.length}${method}`)
    const answer = await browser.send(method, path, body, { origin: product.url })
    expect([answer.status, answer.headers.get('content-type')]).toEqual([status, 'application/problem+json'])
  })

  it('have one name each, so that a limit has no second one', async () => {
    const { email } = await newPerson(product, mailbox, 'Tricky')
    for (const path of [
      '/auth/sign-in/%65mail',
      '/auth/sign-in/email/',
      '/auth//sign-in/email',
      '/auth/Sign-In/email',
      '/auth/sign-in/email%00',
      '/auth/x/../sign-in%2Femail',
      '/auth/sign-in/email;x=1',
    ]) {
      const answer = await newBrowser(product).post(path, { email, password })
      expect([path, answer.status]).toEqual([path, 404])
    }
    must(await newBrowser(product).post('/auth/sign-in/email?x=1', { email, password }))
  })

  it('take no body over 1 MiB, no form, and nothing that is not what it should be', async () => {
    const browser = newBrowser(product)
    const large = await browser.post('/auth/sign-in/email', {
      email: 'a@b.example',
      password: 'x'.repeat(2 ** 20),
    })
    expect([large.status, large.body.code]).toEqual([413, 'payload_too_large'])
    const form = await browser.send('POST', '/auth/sign-in/email', 'email=a%40b.example&password=x', {
      origin: product.url,
      'content-type': 'application/x-www-form-urlencoded',
    })
    expect([form.status, form.body.field]).toEqual([400, 'Content-Type'])
    for (const body of [
      '{',
      '[]',
      'null',
      '{"email":{"$ne":1},"password":["x"]}',
      '{"email":"a\\u0000@b.example","password":"long enough to be one"}',
    ]) {
      const answer = await newBrowser(product).post('/auth/sign-in/email', body)
      expect(answer.status, body).toBeGreaterThanOrEqual(400)
      expect(answer.status, body).toBeLessThan(500)
    }
  })

  it('leave nothing in the log that signs in or names a person', async () => {
    const { browser, email } = await newPerson(product, mailbox, 'Logged')
    must(await browser.post('/auth/request-password-reset', { email }))
    const { links } = await mailbox.next(email)
    await browser.post(
      '/auth/sign-in/email',
      { email, password: 'a wrong secret' },
      { origin: 'https://evil.example' },
    )
    const log = product.log()
    expect(log).toContain('/auth/')
    const token = new URL(links[0] ?? '').searchParams.get('token') ?? ''
    expect(token).not.toBe('')
    for (const secret of [
      '@people.example',
      password,
      'a wrong secret',
      token,
      browser.cookieHeader,
      'evil.example',
    ]) {
      expect(log).not.toContain(secret)
    }
  })
})

describe('behind HTTPS', () => {
  it('cookies are Secure, and only that origin is trusted', async () => {
    const origin = 'https://app.example'
    const smtpUrl = mailbox.url
    await using secure = await startTestProduct({
      providers: {},
      signIn: { smtpUrl, baseUrl: new URL(origin) },
    })
    const browser = newBrowser(secure)
    const email = 'secure@people.example'
    const fromThere = { origin }
    must(await browser.post('/auth/sign-up/email', { name: 'S', email, password }, fromThere))
    const link = new URL((await mailbox.next(email)).links[0] ?? '')
    expect(link.origin).toBe(origin)
    must(await browser.get(`${link.pathname}${link.search}`), 302)
    expect((await browser.post('/auth/sign-in/email', { email, password })).status).toBe(403)
    must(await browser.post('/auth/sign-in/email', { email, password }, fromThere))
    const cookie = browser.setCookies.find((text) => text.startsWith(`__Secure-${sessionCookie}=`)) ?? ''
    expect(cookie).toMatch(/; Secure/i)
    expect(cookie).toMatch(/; HttpOnly/i)
    expect(cookie).toMatch(/; SameSite=Lax/i)
    // A host that the request names changes no link.
    must(
      await browser.post(
        '/auth/request-password-reset',
        { email },
        { ...fromThere, 'x-forwarded-host': 'evil.example' },
      ),
    )
    expect((await mailbox.next(email)).links[0]).toMatch(/^https:\/\/app\.example\//)
  })
})

describe('pages of another origin that is allowed', () => {
  it('sign in and read the answer; no others do', async () => {
    const origin = 'https://pages.example'
    const signInThere = { smtpUrl: mailbox.url }
    await using allowing = await startTestProduct({
      providers: {},
      signIn: signInThere,
      allowedOrigins: [origin],
    })
    const { browser, email } = await newPerson(allowing, mailbox, 'Paged')
    const preflight = {
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'content-type',
    }
    for (const [from, isAllowed] of [
      [origin, true],
      ['https://evil.example', false],
    ] as const) {
      const asked = await browser.send('OPTIONS', '/auth/sign-in/email', undefined, {
        ...preflight,
        origin: from,
      })
      const answer = await newBrowser(allowing).post(
        '/auth/sign-in/email',
        { email, password },
        { origin: from },
      )
      const balance = await browser.send('POST', '/ai/access-check', {}, { origin: from })
      expect([from, answer.status]).toEqual([from, isAllowed ? 200 : 403])
      for (const { headers } of [asked, answer, balance]) {
        expect(headers.get('access-control-allow-origin')).toBe(isAllowed ? from : null)
      }
      expect(asked.headers.get('access-control-allow-credentials')).toBe('true')
    }
  })
})
