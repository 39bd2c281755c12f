import type { TransactionDetail } from '../api/api.generated.ts'
import { ledgerKey, readTransaction, readTransactions } from '../api/credits.ts'
import { useResource } from '../api/use-resource.ts'

/**
 * The row of the ledger that `?entry=` names; null: a reservation that has none yet.
 * A sequence is digits alone, the id of a reservation is not.
 */
export function useEntry(entry: () => string) {
  return useResource<TransactionDetail | null>({
    key: () => [...ledgerKey, 'entry', entry()],
    load: async (signal) => {
      const named = entry()
      if (/^\d+$/.test(named)) return await readTransaction(named, signal)
      const { transactions } = await readTransactions({ reservationId: named, limit: 1 }, signal)
      const [row] = transactions
      return row === undefined ? null : await readTransaction(String(row.sequence), signal)
    },
  })
}
