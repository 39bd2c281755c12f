/** `stipend.identify.ts`, for an app that has a sign-in. */
export const identifyFile = `import type { Identify } from '@stipend/server'

/**
 * Who sends a request, by this app's own sign-in. null: nobody is signed in, and Stipend's API answers 401.
 *
 * Read the session as the rest of the app does and answer with its ids:
 *
 *   const session = await sessionOf(request)
 *   if (session === null) return null
 *   const actor = { type: 'member', id: session.userId, name: session.userName } as const
 *   return { organizationId: session.companyId, role: 'member', actor }
 *
 * The role is viewer, member, admin or owner: from admin on it may buy and set budgets.
 */
export const identify: Identify = async (_request) => {
  return null
}
`
