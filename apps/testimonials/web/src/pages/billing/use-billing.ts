import { useQueryClient } from '@tanstack/vue-query'
import { http, read } from '../../api/client.ts'
import { useResource } from '../../api/use-resource.ts'

/** How the organization is billed; shared by who asks. */
export function useSubscription() {
  return useResource({
    key: ['subscription'],
    load: (signal) => read(http.GET('/billing/subscription', { signal })),
  })
}

/** The plans, and which one it is. */
export function usePlans() {
  return useResource({
    key: ['plans'],
    load: (signal) => read(http.GET('/billing/plans', { signal })),
  })
}

/** After something was paid or changed: what pages show of it is read anew. */
export function useBillingRefresh(): () => Promise<void> {
  const queries = useQueryClient()
  return async () => {
    await Promise.all(
      [['subscription'], ['plans'], ['payments'], ['invoices'], ['auto-topup']].map((queryKey) =>
        queries.invalidateQueries({ queryKey }),
      ),
    )
  }
}
