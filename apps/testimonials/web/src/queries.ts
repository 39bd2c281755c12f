import { StipendProblem } from '@stipend/client'
import { QueryClient } from '@tanstack/vue-query'

/** What the server said, shared with the components of @stipend/vue. */
export const queries = new QueryClient({
  defaultOptions: {
    queries: {
      networkMode: 'always',
      staleTime: 10_000,
      retry: (failures, error) =>
        failures < 2 &&
        error instanceof StipendProblem &&
        error.retryable &&
        (error.retryAfterMs ?? 0) <= 5_000,
      retryDelay: (failures, error) =>
        (error instanceof StipendProblem ? error.retryAfterMs : null) ?? 500 * 2 ** failures,
    },
    mutations: { networkMode: 'always' },
  },
})
