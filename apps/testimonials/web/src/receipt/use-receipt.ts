import { computed } from 'vue'
import { type LocationQueryRaw, useRoute, useRouter } from 'vue-router'

/**
 * The receipt that the address names, `?entry=`: a sequence of the ledger, or the id of a reservation, which is what
 * the answer to an AI call knows. Any page below the shell may link to one; the drawer is the shell's.
 */
export function useReceipt() {
  const route = useRoute()
  const router = useRouter()
  const entry = computed(() => {
    const { entry: value } = route.query
    return typeof value === 'string' && value !== '' ? value : null
  })
  const to = (named: string | number) => ({
    query: { ...route.query, entry: String(named) } satisfies LocationQueryRaw,
  })

  /** Back where the drawer was opened from here, so that the history has no dead ends. */
  function close(): void {
    const { entry: _, ...query } = route.query
    const without = router.resolve({ query, params: route.params, hash: route.hash }).fullPath
    if (history.state?.back === without) router.back()
    else void router.replace(without)
  }

  return { entry, to, open: (named: string | number) => void router.push(to(named)), close }
}
