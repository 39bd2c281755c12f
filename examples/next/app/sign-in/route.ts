import { signIn } from '../../session.ts'

export async function POST(request: Request): Promise<Response> {
  const { id, password } = (await request.json()) as Record<string, unknown>
  const token = await signIn(id, password)
  if (token === null) return new Response(null, { status: 401 })
  const headers = { 'set-cookie': `session=${token}; HttpOnly; SameSite=Lax; Path=/` }
  return new Response(null, { status: 204, headers })
}
