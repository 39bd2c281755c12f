/** As a new page, so that nothing of the person stays on it. */
export async function signOut(): Promise<void> {
  // Loaded here: every page has the menu, and hardly anybody signs out.
  const { auth, authClient } = await import('../api/auth.ts')
  await auth(authClient.signOut())
  location.assign('/sign-in')
}
