import type { CreditBalance, StipendClient, StipendProblem } from '@stipend/client'
import type { QueryClient } from '@tanstack/query-core'
import { type Ref, shallowRef } from 'vue'
import { queryKeys } from './query-keys.ts'

/** One connection for all components of an app that show the balance. */
export interface LiveBalance {
  isLive: Readonly<Ref<boolean>>
  /** When the server last said the balance. */
  asOf: Readonly<Ref<Date | null>>
  /** Refused for good: the connection is not tried again. */
  refusal: Readonly<Ref<StipendProblem | null>>
  /** Notes an answer of GET /credits/balance. */
  note(): void
  /** Connects with the first caller; the answer leaves, and the last one disconnects. */
  join(): () => void
}

/** Balances go to the query cache; when one differs, what depends on it is asked for again. */
export function createLiveBalance(client: StipendClient, queries: QueryClient): LiveBalance {
  const isLive = shallowRef(false)
  const asOf = shallowRef<Date | null>(null)
  const refusal = shallowRef<StipendProblem | null>(null)
  let members = 0
  let connection: AbortController | null = null
  const accept = (balance: CreditBalance) => {
    const before = queries.getQueryData<CreditBalance>(queryKeys.balance)
    queries.setQueryData(queryKeys.balance, balance)
    isLive.value = true
    asOf.value = new Date()
    if (before === undefined || JSON.stringify(before) === JSON.stringify(balance)) return
    for (const queryKey of queryKeys.dependents) void queries.invalidateQueries({ queryKey })
  }
  const connect = () => {
    connection = new AbortController()
    const { signal } = connection
    const lost = () => {
      if (!signal.aborted) isLive.value = false
    }
    client.watchBalance({ signal, onBalance: accept, onLost: lost }).catch((problem: StipendProblem) => {
      lost()
      if (!signal.aborted) refusal.value = problem
    })
  }
  return {
    isLive,
    asOf,
    refusal,
    note: () => {
      asOf.value = new Date()
    },
    join: () => {
      members += 1
      if (members === 1) connect()
      return () => {
        members -= 1
        if (members > 0) return
        connection?.abort()
        isLive.value = false
      }
    },
  }
}
