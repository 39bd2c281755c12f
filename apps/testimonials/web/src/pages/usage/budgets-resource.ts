import { http, read } from '../../api/client.ts'

/** Budgets, which admins see. */
export const budgetsResource = {
  key: ['budgets'],
  load: (signal: AbortSignal) => read(http.GET('/budgets', { signal })),
}
