import { randomBytes } from 'node:crypto'

/** An agent of a help desk, as this product knows them. */
export interface User {
  id: string
  name: string
  companyId: string
}

const users: readonly (User & { password: string })[] = [
  { id: 'ann', name: 'Ann', companyId: 'acme', password: 'correct horse' },
  { id: 'bob', name: 'Bob', companyId: 'birch', password: 'battery staple' },
]
const sessions = new Map<string, User>()

/** Begins a session; null: wrong name or password. */
export function signIn(id: unknown, password: unknown): string | null {
  const user = users.find((one) => one.id === id && one.password === password)
  if (user === undefined) return null
  const token = randomBytes(32).toString('base64url')
  sessions.set(token, user)
  return token
}

/** Whose session a Cookie header names; null: nobody's. */
export function userOf(cookies: string | null | undefined): User | null {
  const [, token = ''] = /(?:^|; *)session=([\w-]+)/.exec(cookies ?? '') ?? []
  return sessions.get(token) ?? null
}
