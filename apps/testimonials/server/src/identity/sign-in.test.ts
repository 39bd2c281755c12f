import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Mailbox, startMailbox } from '../test-support/mailbox.ts'
import { must, newBrowser, newPerson, password } from '../test-support/person.ts'
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

describe('signing up', () => {
  it('asks for the link in the mail before anybody can sign in', async () => {
    const browser = newBrowser(product)
    const email = 'ada@people.example'
    const signUp = must(await browser.post('/auth/sign-up/email', { name: 'Ada', email, password }))
    expect(signUp.body.token).toBeNull()
    expect(browser.setCookies).toEqual([])
    const mail = await mailbox.next(email)
    expect(mail).toMatchObject({ from: 'no-reply@product.example', subject: 'Confirm your e-mail address' })
    const early = await browser.post('/auth/sign-in/email', { email, password })
    expect([early.status, early.body.code]).toEqual([403, 'EMAIL_NOT_VERIFIED'])
    expect(browser.setCookies).toEqual([])
    must(await browser.get(mail.links[0] ?? ''), 302)
    const { body } = must(await browser.post('/auth/sign-in/email', { email, password }))
    expect(body.user).toMatchObject({ email, emailVerified: true })
    expect((await browser.get('/auth/get-session')).body.user.email).toBe(email)
  })
})
