import { http, read } from './client.ts'

/** GET /members, which is not in api.generated.ts yet. */
export interface MembersAnswer {
  members: { id: string; userId: string; name: string; email: string | null; role: string }[]
  /** Not told to viewers. */
  invitations?: { id: string; email: string; role: string; expiresAt: string }[]
}

const untyped = http as unknown as {
  GET(
    path: '/members',
    init: { signal: AbortSignal },
  ): Promise<{ data?: MembersAnswer; error?: unknown; response: Response }>
}

export const readMembers = (signal: AbortSignal): Promise<MembersAnswer> =>
  read(untyped.GET('/members', { signal }))
