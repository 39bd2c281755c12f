import { may, type Role } from '../../session/session.ts'

/** Those that the person may give; only owners make owners. */
export const grantableRoles = (): Role[] => [
  'viewer',
  'member',
  'admin',
  ...(may('owner') ? (['owner'] as const) : []),
]

/** For better-auth's client, whose types know its own roles alone; the server takes ours. */
export const asClientRole = (role: Role) => role as 'member'
