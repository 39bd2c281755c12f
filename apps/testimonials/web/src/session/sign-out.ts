import { auth, authClient } from '../api/auth.ts'

/** As a new page, so that nothing of the person stays on it. */
export async function signOut(): Promise<void> {
  await auth(authClient.signOut())
  location.assign('/sign-in')
}
