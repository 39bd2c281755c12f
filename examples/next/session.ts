import { jwtVerify, SignJWT } from 'jose'

/** Who takes notes, as this product knows them. */
export interface Member {
  id: string
  officeId: string
}

const members: readonly (Member & { password: string })[] = [
  { id: 'dora', officeId: 'north', password: 'correct horse' },
]
const secret = () => new TextEncoder().encode(process.env['SESSION_SECRET'])

/** A token for the session cookie; null: wrong name or password. */
export async function signIn(id: unknown, password: unknown): Promise<string | null> {
  const member = members.find((one) => one.id === id && one.password === password)
  if (member === undefined) return null
  return await new SignJWT({ office: member.officeId })
    .setProtectedHeader({ alg: 'HS256' })
    .setSubject(member.id)
    .setExpirationTime('1h')
    .sign(secret())
}

/** Whose session the request's cookie is; null: nobody's. */
export async function memberOf(request: Request): Promise<Member | null> {
  const [, token = ''] = /(?:^|; *)session=([\w.-]+)/.exec(request.headers.get('cookie') ?? '') ?? []
  const verified = await jwtVerify<{ office?: string }>(token, secret()).catch(() => null)
  const { sub, office } = verified?.payload ?? {}
  return sub === undefined || office === undefined ? null : { id: sub, officeId: office }
}
