import { readText } from '@stipend/testing'
import { mustNotBeLogged, watchExchange } from '@stipend/testing/log-watch'
import type { Answer } from './product.ts'

/** A person's browser: keeps cookies, follows no redirect by itself, names the page's origin as browsers do. */
export class Browser {
  readonly #baseUrl: string
  readonly #address: string
  readonly #cookies = new Map<string, string>()
  /** Set-Cookie headers as they came, newest last. */
  readonly setCookies: string[] = []

  /** `address`: where the requests seem to come from, behind one proxy. */
  constructor(baseUrl: string, address: string) {
    this.#baseUrl = baseUrl
    this.#address = address
  }

  get cookieHeader(): string {
    return [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ')
  }

  get cookies(): ReadonlyMap<string, string> {
    return this.#cookies
  }

  setCookie(name: string, value: string): void {
    this.#cookies.set(name, value)
  }

  get(path: string, headers: Record<string, string> = {}): Promise<Answer> {
    return this.send('GET', path, undefined, headers)
  }

  post(path: string, body: unknown = {}, headers: Record<string, string> = {}): Promise<Answer> {
    return this.send('POST', path, body, { origin: this.#baseUrl, ...headers })
  }

  /** A header that is empty is not sent. */
  async send(
    method: string,
    path: string,
    body: unknown,
    headers: Record<string, string> = {},
  ): Promise<Answer> {
    const all = {
      'x-forwarded-for': this.#address,
      ...(this.#cookies.size === 0 ? {} : { cookie: this.cookieHeader }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    }
    const response = await fetch(path.startsWith('http') ? path : `${this.#baseUrl}${path}`, {
      method,
      redirect: 'manual',
      headers: Object.entries(all).filter(([, value]) => value !== ''),
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    })
    for (const cookie of response.headers.getSetCookie()) this.#keep(cookie)
    const text = await readText(response)
    const isJson = text !== '' && response.headers.get('content-type')?.includes('json') === true
    const answer = {
      status: response.status,
      headers: response.headers,
      body: isJson ? JSON.parse(text) : text,
    }
    this.#watch(body, answer)
    return answer
  }

  /** Nothing that signs a person in may be in a log line of the run. */
  #watch(body: unknown, { body: answer }: Answer): void {
    watchExchange({ body })
    watchExchange({ body: answer })
    for (const value of this.#cookies.values()) mustNotBeLogged(value)
  }

  #keep(cookie: string): void {
    this.setCookies.push(cookie)
    const [pair = ''] = cookie.split(';', 1)
    const name = pair.slice(0, pair.indexOf('='))
    if (/max-age=0/i.test(cookie)) this.#cookies.delete(name)
    else this.#cookies.set(name, pair.slice(pair.indexOf('=') + 1))
  }
}
