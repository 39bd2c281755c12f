import { type LocationQuery, useRoute } from 'vue-router'

/** Where a sign-in leads: a page of the console alone, whatever the address names. */
export function nextPage({ next }: LocationQuery): string {
  return typeof next === 'string' && /^\/(?![/\\])[^\\]*$/.test(next) ? next : '/app'
}

/** What the pages of sign-in hand on to each other. */
export function useNextPage() {
  const route = useRoute()
  const { next } = route.query
  return { path: nextPage(route.query), query: typeof next === 'string' ? { next } : {} }
}
