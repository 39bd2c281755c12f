import { computed, shallowRef } from 'vue'
import type { Session } from '../api/api.generated.ts'
import { http, read } from '../api/client.ts'

export type Organization = Session['organizations'][number]
export type Role = Organization['role']

const roles: readonly Role[] = ['viewer', 'member', 'admin', 'owner']

const current = shallowRef<Session | null>(null)
let asked: Promise<Session> | null = null

/** Who is signed in; asked for once, and anew after {@link forgetSession}. @throws StipendProblem */
export function loadSession(): Promise<Session> {
  asked ??= read(http.GET('/session')).then(
    (session) => {
      current.value = session
      return session
    },
    (error) => {
      asked = null
      throw error
    },
  )
  return asked
}

export function forgetSession(): void {
  asked = null
}

const slug = shallowRef<string | null>(null)

/** The organization whose pages are shown. */
export const organization = computed(
  () => current.value?.organizations.find((item) => item.slug === slug.value) ?? null,
)
export const organizations = computed(() => current.value?.organizations ?? [])
export const person = computed(() => current.value?.person ?? null)
export const session = computed(() => current.value)

export function goToOrganization(named: string | null): Organization | null {
  slug.value = named
  return organization.value
}

/** Whether the person may do what needs this role; the server decides, this only says what to show. */
export function may(needed: Role): boolean {
  const own = organization.value?.role
  return own !== undefined && roles.indexOf(own) >= roles.indexOf(needed)
}
