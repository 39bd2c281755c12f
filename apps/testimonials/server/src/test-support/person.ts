import { Browser } from './browser.ts'
import type { Mailbox } from './mailbox.ts'
import type { Answer, TestProduct } from './product.ts'

export const password = 'correct horse battery'

let addresses = 0

/** A browser at an address of its own, so that nobody else's requests count against its limits. */
export function newBrowser(product: TestProduct): Browser {
  addresses += 1
  return new Browser(product.url, `10.1.${addresses >> 8}.${addresses & 255}`)
}

/** Somebody with a verified address who is signed in. */
export interface Person {
  browser: Browser
  email: string
  userId: string
}

/** Signs somebody up, follows the link in their mail, and signs them in. */
export async function newPerson(product: TestProduct, mailbox: Mailbox, name: string): Promise<Person> {
  const email = `${name.toLowerCase()}@people.example`
  const browser = newBrowser(product)
  must(await browser.post('/auth/sign-up/email', { name, email, password }))
  const [link = ''] = (await mailbox.next(email)).links
  must(await browser.get(link), 302)
  const { user } = must(await browser.post('/auth/sign-in/email', { email, password })).body
  return { browser, email, userId: user.id }
}

/** Makes an organization of which the person is the owner, active in their session; its id. */
export async function newOrganization({ browser }: Person, name: string): Promise<string> {
  const slug = name.toLowerCase().replace(/\W+/g, '-')
  return must(await browser.post('/auth/organization/create', { name, slug })).body.id
}

/** Has a person join the organization, invited by one who may. */
export async function join(
  inviter: Person,
  organizationId: string,
  person: Person,
  role: string,
): Promise<void> {
  const invitation = must(
    await inviter.browser.post('/auth/organization/invite-member', {
      organizationId,
      email: person.email,
      role,
    }),
  )
  must(
    await person.browser.post('/auth/organization/accept-invitation', { invitationId: invitation.body.id }),
  )
}

/** The answer, if it has that status. */
export function must(answer: Answer, status = 200): Answer {
  if (answer.status === status) return answer
  throw new Error(`${answer.status} instead of ${status}: ${JSON.stringify(answer.body)}`)
}
