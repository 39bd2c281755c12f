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

const invite = (inviter: Person, organizationId: string, email: string, role: unknown) =>
  inviter.browser.post('/auth/organization/invite-member', { organizationId, email, role })

async function rolesOf(organizationId: string): Promise<string[]> {
  const { rows } = await product.database.owner.query<{ role: string }>(
    'select role from auth.members where organization_id = $1 order by role',
    [organizationId],
  )
  return rows.map(({ role }) => role)
}

async function memberId(organizationId: string, { userId }: Person): Promise<string> {
  const { rows } = await product.database.owner.query<{ id: string }>(
    'select id from auth.members where organization_id = $1 and user_id = $2',
    [organizationId, userId],
  )
  return rows[0]?.id ?? ''
}

const setRole = async (by: Person, organizationId: string, whom: Person, role: unknown) =>
  by.browser.post('/auth/organization/update-member-role', {
    organizationId,
    memberId: await memberId(organizationId, whom),
    role,
  })

const remove = async (by: Person, organizationId: string, whom: Person) =>
  by.browser.post('/auth/organization/remove-member', {
    organizationId,
    memberIdOrEmail: await memberId(organizationId, whom),
  })

describe('an organization', () => {
  it('is Stipend’s under the same id, on the free plan, and its maker owns it', async () => {
    const maya = await person('Maya')
    const id = await newOrganization(maya, 'Lumen Coffee')
    expect(await product.testimonials.engine.checkCreditBalance(id)).toMatchObject({ plan: 'free' })
    expect(await rolesOf(id)).toEqual(['owner'])
  })

  it('takes neither id nor plan nor anything else from its maker', async () => {
    const maker = await person('Chooser')
    await product.organization('taken', 'pro')
    const wanted = {
      name: 'Chosen',
      slug: 'chosen',
      id: 'taken',
      plan: 'team',
      createdAt: '2000-01-01T00:00:00Z',
    }
    const answer = await maker.browser.post('/auth/organization/create', wanted)
    const { rows } = await product.database.owner.query('select from auth.organizations where id = $1', [
      'taken',
    ])
    expect(rows).toEqual([])
    if (answer.status === 200) {
      expect(await product.testimonials.engine.checkCreditBalance(answer.body.id)).toMatchObject({
        plan: 'free',
      })
    }
    const asAnother = await maker.browser.post('/auth/organization/create', {
      name: 'Theirs',
      slug: 'theirs',
      userId: (await person('Another')).userId,
    })
    if (asAnother.status === 200) expect(asAnother.body.members[0].userId).toBe(maker.userId)
  })

  it('has a name of one line, and a person no more than five', async () => {
    const maker = await person('Collector')
    for (const name of ['', '   ', 'two\nlines', 'x'.repeat(101)]) {
      const answer = await maker.browser.post('/auth/organization/create', { name, slug: 'named' })
      expect([name, answer.status]).toEqual([name, 400])
    }
    for (let index = 0; index < 5; index++) await newOrganization(maker, `Collection ${index}`)
    const sixth = await maker.browser.post('/auth/organization/create', { name: 'Six', slug: 'six' })
    expect(sixth.status).toBe(403)
  })

  it('has one name, here and at Stipend, which its admins change', async () => {
    const owner = await person('Namer')
    const organizationId = await newOrganization(owner, 'Before')
    const member = await person('Nameless')
    await join(owner, organizationId, member, 'member')
    const update = ({ browser }: Person, data: object) =>
      browser.post('/auth/organization/update', { organizationId, data })
    expect((await update(member, { name: 'Mine' })).status).toBe(403)
    expect((await update(owner, { name: 'two\nlines' })).status).toBe(400)
    must(await update(owner, { name: ' After ', id: 'x', plan: 'team', createdAt: '2000-01-01T00:00:00Z' }))
    const { rows } = await product.database.owner.query(
      `select o.name as here, s.name as there, o.created_at > now() - interval '1 hour' as is_new
       from auth.organizations o join stipend.organizations s on s.id = o.id where o.id = $1`,
      [organizationId],
    )
    expect(rows).toEqual([{ here: 'After', there: 'After', is_new: true }])
    expect(await product.testimonials.engine.checkCreditBalance(organizationId)).toMatchObject({
      plan: 'free',
    })
  })

  it('is not deleted: its ledger stays', async () => {
    const owner = await person('Deleter')
    const organizationId = await newOrganization(owner, 'Lasting')
    const answer = await owner.browser.post('/auth/organization/delete', { organizationId })
    expect(answer.status).toBeGreaterThanOrEqual(400)
    expect(await rolesOf(organizationId)).toEqual(['owner'])
  })
})

describe('an invitation', () => {
  it('goes by mail, and the invited person joins with the role in it', async () => {
    const [owner, guest] = [await person('Host'), await person('Guest')]
    const organizationId = await newOrganization(owner, 'Hosted')
    const { body } = must(await invite(owner, organizationId, guest.email, 'viewer'))
    const mail = await mailbox.next(guest.email)
    expect(mail.subject).toBe('Join Hosted on Testimonials')
    expect(mail.text).toContain('Host invites you to Hosted on Testimonials, as viewer.')
    expect(mail.links).toEqual([`${product.url}/accept-invitation?id=${body.id}`])
    const accepted = must(
      await guest.browser.post('/auth/organization/accept-invitation', {
        invitationId: body.id,
        role: 'owner',
      }),
    )
    expect(accepted.body.member.role).toBe('viewer')
    expect(await rolesOf(organizationId)).toEqual(['owner', 'viewer'])
  })

  it('is for the invited address alone, verified, until it is used, cancelled or over', async () => {
    const [owner, guest, thief] = [await person('Inviter'), await person('Invited'), await person('Thief')]
    const organizationId = await newOrganization(owner, 'Guarded')
    const accept = (by: Person, invitationId: string) =>
      by.browser.post('/auth/organization/accept-invitation', { invitationId })
    const first = must(await invite(owner, organizationId, guest.email, 'admin')).body.id
    for (const path of ['accept-invitation', 'reject-invitation', 'cancel-invitation']) {
      const answer = await thief.browser.post(`/auth/organization/${path}`, { invitationId: first })
      expect([path, answer.status < 400]).toEqual([path, false])
    }
    expect((await thief.browser.get(`/auth/organization/get-invitation?id=${first}`)).status).toBe(403)
    await product.database.owner.query('update auth.users set email_verified = false where id = $1', [
      guest.userId,
    ])
    expect((await accept(guest, first)).status).toBe(403)
    await product.database.owner.query('update auth.users set email_verified = true where id = $1', [
      guest.userId,
    ])
    must(await owner.browser.post('/auth/organization/cancel-invitation', { invitationId: first }))
    expect((await accept(guest, first)).status).toBe(400)
    const second = must(await invite(owner, organizationId, guest.email, 'admin')).body.id
    await product.database.owner.query(`update auth.invitations set expires_at = now() where id = $1`, [
      second,
    ])
    expect((await accept(guest, second)).status).toBe(400)
    const third = must(await invite(owner, organizationId, guest.email, 'admin')).body.id
    must(await accept(guest, third))
    expect((await accept(guest, third)).status).toBe(400)
    expect(await rolesOf(organizationId)).toEqual(['admin', 'owner'])
  })

  it('makes one member, though it is accepted many times at once', async () => {
    const [owner, guest] = [await person('Racer'), await person('Raced')]
    const organizationId = await newOrganization(owner, 'Raced')
    const invitationId = must(await invite(owner, organizationId, guest.email, 'member')).body.id
    const answers = await Promise.all(
      Array.from({ length: 8 }, () =>
        guest.browser.post('/auth/organization/accept-invitation', { invitationId }),
      ),
    )
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    expect(answers.filter(({ status }) => status >= 500)).toEqual([])
    expect(await rolesOf(organizationId)).toEqual(['member', 'owner'])
  })

  it('is written by owners and admins of that organization, and only owners make owners', async () => {
    const owner = await person('Boss')
    const organizationId = await newOrganization(owner, 'Ranked')
    const by = {
      admin: await person('Admin'),
      member: await person('Member'),
      viewer: await person('Viewer'),
    }
    for (const [role, someone] of Object.entries(by)) await join(owner, organizationId, someone, role)
    const outsider = await person('Outsider')
    const elsewhere = await newOrganization(outsider, 'Elsewhere')
    const email = 'new.one@people.example'
    for (const [who, role, isAllowed] of [
      [by.admin, 'admin', true],
      [by.admin, 'owner', false],
      [by.member, 'viewer', false],
      [by.viewer, 'viewer', false],
      [outsider, 'viewer', false],
      [owner, 'owner', true],
      [owner, 'operator', false],
      [owner, 'owner,admin', false],
      [owner, ['admin', 'member'], false],
      [owner, '', false],
    ] as const) {
      const answer = await invite(who, organizationId, email, role)
      expect([who.email, role, answer.status < 400]).toEqual([who.email, role, isAllowed])
      expect(answer.status).toBeLessThan(500)
    }
    const { body: pending } = must(await invite(owner, organizationId, 'pending@people.example', 'viewer'))
    for (const who of [by.member, by.viewer, outsider]) {
      const cancel = await who.browser.post('/auth/organization/cancel-invitation', {
        invitationId: pending.id,
      })
      expect([who.email, cancel.status < 400]).toEqual([who.email, false])
      // An invitation's id is as good as its link.
      const list = await who.browser.get(
        `/auth/organization/list-invitations?organizationId=${organizationId}`,
      )
      expect(JSON.stringify(list.body)).not.toContain(pending.id)
    }
    // Their own active organization is no way in.
    expect(await rolesOf(elsewhere)).toEqual(['owner'])
  })

  it('has no words of its writer that make a link or a second line', async () => {
    const owner = await person('Phisher')
    must(await owner.browser.post('/auth/update-user', { name: 'Win https://evil.example now' }))
    const organizationId = await newOrganization(owner, 'See www.evil.example')
    must(await invite(owner, organizationId, 'target@people.example', 'member'))
    const mail = await mailbox.next('target@people.example')
    expect(mail.links).toHaveLength(1)
    expect(mail.links[0]).toMatch(new RegExp(`^${product.url}/accept-invitation`))
    expect(mail.text + mail.subject).not.toMatch(/https?:\/\/evil|www\./)
  })
})

describe('roles', () => {
  it('are changed by admins below owners, and by nobody for themselves upwards', async () => {
    const owner = await person('Chief')
    const organizationId = await newOrganization(owner, 'Orders')
    const [admin, member] = [await person('Deputy'), await person('Worker')]
    await join(owner, organizationId, admin, 'admin')
    await join(owner, organizationId, member, 'member')
    for (const [by, whom, role, isAllowed] of [
      [admin, admin, 'owner', false],
      [admin, owner, 'member', false],
      [admin, member, 'owner', false],
      [member, member, 'admin', false],
      [member, admin, 'viewer', false],
      [admin, member, 'operator', false],
      [admin, member, 'member,owner', false],
      [admin, member, ['member', 'admin'], false],
      [admin, member, 'viewer', true],
      [owner, member, 'admin', true],
    ] as const) {
      const answer = await setRole(by, organizationId, whom, role)
      const row = [by.email, whom.email, String(role)]
      expect([...row, answer.status < 400]).toEqual([...row, isAllowed])
      expect(answer.status).toBeLessThan(500)
    }
    expect((await remove(admin, organizationId, owner)).status).toBeGreaterThanOrEqual(400)
    expect(await rolesOf(organizationId)).toEqual(['admin', 'admin', 'owner'])
  })

  it('of another organization are out of reach, whichever id is named', async () => {
    const [owner, stranger] = [await person('Inside'), await person('Stranger')]
    const ours = await newOrganization(owner, 'Ours')
    const theirs = await newOrganization(stranger, 'Theirs too')
    const target = await memberId(ours, owner)
    for (const organizationId of [ours, theirs, undefined]) {
      const requests = [
        ['update-member-role', { organizationId, memberId: target, role: 'viewer' }],
        ['remove-member', { organizationId, memberIdOrEmail: target }],
        ['update', { organizationId: organizationId ?? ours, data: { name: 'Mine' } }],
        ['set-active', { organizationId: ours }],
      ] as const
      for (const [path, body] of requests) {
        if (path === 'update' && body.organizationId === theirs) continue
        const answer = await stranger.browser.post(`/auth/organization/${path}`, body)
        expect([path, answer.status < 400]).toEqual([path, false])
      }
    }
    for (const path of ['get-full-organization', 'list-members', 'list-invitations']) {
      const answer = await stranger.browser.get(`/auth/organization/${path}?organizationId=${ours}`)
      expect([path, answer.status >= 400, JSON.stringify(answer.body)]).toEqual([
        path,
        true,
        expect.not.stringContaining(ours),
      ])
    }
    expect(await rolesOf(ours)).toEqual(['owner'])
  })

  it('a filter over a column that is not there is a refusal, not a failure', async () => {
    const owner = await person('Filter')
    const organizationId = await newOrganization(owner, 'Filtered')
    for (const filter of [
      'filterField=password&filterValue=x&filterOperator=gt',
      'filterField=createdAt&filterValue=never&filterOperator=gt',
      'sortBy=password',
      'limit=-1',
    ]) {
      const path = `/auth/organization/list-members?organizationId=${organizationId}&${filter}`
      const { status, body } = await owner.browser.get(path)
      expect([filter, status, body.code]).toEqual([filter, 400, 'INVALID_REQUEST'])
    }
  })
})

describe('the last owner', () => {
  it('cannot leave, be demoted or be removed', async () => {
    const owner = await person('Last')
    const organizationId = await newOrganization(owner, 'Kept')
    await join(owner, organizationId, await person('Helper'), 'admin')
    const answers = [
      await owner.browser.post('/auth/organization/leave', { organizationId }),
      await setRole(owner, organizationId, owner, 'admin'),
      await remove(owner, organizationId, owner),
    ]
    for (const { status } of answers) expect(status).toBe(400)
    expect(await rolesOf(organizationId)).toEqual(['admin', 'owner'])
  })

  it('stays, though both of two go at the same moment', async () => {
    const [one, two] = [await person('One'), await person('Two')]
    for (let round = 0; round < 6; round++) {
      const organizationId = await newOrganization(round % 2 === 0 ? one : two, `Round ${round}`)
      await join(round % 2 === 0 ? one : two, organizationId, round % 2 === 0 ? two : one, 'owner')
      const leave = ({ browser }: Person) => browser.post('/auth/organization/leave', { organizationId })
      const demote = (who: Person) => setRole(who, organizationId, who, 'member')
      const answers = await Promise.all([
        round < 3 ? leave(one) : demote(one),
        round % 3 === 0 ? leave(two) : demote(two),
      ])
      expect(answers.map(({ status }) => status).sort()).toEqual([200, 400])
      expect((await rolesOf(organizationId)).filter((role) => role === 'owner')).toHaveLength(1)
      await product.database.owner.query('delete from auth.organizations where id = $1', [organizationId])
    }
  })

  it('is kept by the database itself, whatever a program does', async () => {
    const [one, two] = [await person('Data'), await person('Base')]
    const organizationId = await newOrganization(one, 'Direct')
    await join(one, organizationId, two, 'owner')
    const { owner } = product.database
    const [first, second] = [await owner.connect(), await owner.connect()]
    try {
      await first.query('begin')
      await second.query('begin')
      const byUser = 'delete from auth.members where organization_id = $1 and user_id = $2'
      await first.query(byUser, [organizationId, one.userId])
      const waiting = second.query(byUser, [organizationId, two.userId]).catch((error: Error) => error)
      await first.query('commit')
      expect(await waiting).toMatchObject({ code: '23514', constraint: 'members_last_owner' })
      await second.query('rollback')
    } finally {
      first.release()
      second.release()
    }
    await expect(
      owner.query(`update auth.members set role = 'viewer' where organization_id = $1`, [organizationId]),
    ).rejects.toThrow('at least one owner')
    await expect(owner.query('delete from auth.users where id = $1', [two.userId])).rejects.toThrow(
      'at least one owner',
    )
    const again = `insert into auth.members (id, organization_id, user_id, role, created_at)
      values (gen_random_uuid()::text, $1, $2, $3, now())`
    await expect(owner.query(again, [organizationId, two.userId, 'admin'])).rejects.toThrow('duplicate key')
    await expect(owner.query(again, [organizationId, one.userId, 'god'])).rejects.toThrow('check constraint')
    expect(await rolesOf(organizationId)).toEqual(['owner'])
  })
})

it('a person without a verified address makes no organization', async () => {
  const someone = await person('Unsure')
  await product.database.owner.query('update auth.users set email_verified = false where id = $1', [
    someone.userId,
  ])
  const answer = await someone.browser.post('/auth/organization/create', { name: 'No', slug: 'no' })
  expect(answer.status).toBe(403)
  const fresh = newBrowser(product)
  expect((await fresh.post('/auth/sign-in/email', { email: someone.email, password })).status).toBe(403)
})
