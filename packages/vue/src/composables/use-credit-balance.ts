import type { CreditBalance, StipendProblem } from '@stipend/client'
import { type ComputedRef, computed, onScopeDispose, type Ref } from 'vue'
import { queryKeys } from '../internal/query-keys.ts'
import { type ResourceStatus, useResource } from '../internal/use-resource.ts'
import { useStipend } from '../plugin.ts'

export interface CreditBalanceState {
  /** As the server says it; undefined until it has. */
  balance: Readonly<Ref<CreditBalance | undefined>>
  /** Less than a fifth of the period's credits is left; never on an unlimited plan. */
  isLow: ComputedRef<boolean>
  /** Of what this period had, 0 to 100; 0 on an unlimited plan. */
  percentUsed: ComputedRef<number>
  /** Whole days, begun ones counted; null until the balance is known. */
  daysUntilReset: ComputedRef<number | null>
  /** The balance follows the ledger. Else it is as of `asOf`. */
  isLive: Readonly<Ref<boolean>>
  asOf: Readonly<Ref<Date | null>>
  status: ComputedRef<ResourceStatus>
  problem: ComputedRef<StipendProblem | null>
  refresh(): Promise<void>
}

const dayMs = 86_400_000
/** As the server's event credits.low_balance, where an organization has not set another. */
const lowShare = 0.2
const refreshMs = 30_000

/** The organization's balance, live while the component is there; all components share one connection. */
export function useCreditBalance(): CreditBalanceState {
  const { client, liveBalance } = useStipend()
  const { isLive, asOf } = liveBalance
  const resource = useResource(() => ({
    key: queryKeys.balance,
    load: async (signal) => {
      const balance = await client.getBalance({ signal })
      liveBalance.note()
      return balance
    },
    refreshMs: isLive.value ? 0 : refreshMs,
  }))
  if (typeof document !== 'undefined') onScopeDispose(liveBalance.join())
  const balance = resource.data
  return {
    balance,
    isLow: computed(() => balance.value !== undefined && isLow(balance.value)),
    percentUsed: computed(() => (balance.value === undefined ? 0 : percentUsed(balance.value))),
    daysUntilReset: computed(() => {
      if (balance.value === undefined) return null
      return Math.max(0, Math.ceil((Date.parse(balance.value.periodEndsAt) - Date.now()) / dayMs))
    }),
    isLive,
    asOf,
    status: resource.status,
    problem: resource.problem,
    refresh: resource.refresh,
  }
}

function isLow({ unlimited, balance, monthlyAllocation }: CreditBalance): boolean {
  return !unlimited && balance <= monthlyAllocation * lowShare
}

function percentUsed({ unlimited, usedThisPeriod, balance }: CreditBalance): number {
  const total = usedThisPeriod + Math.max(balance, 0)
  return unlimited || total === 0 ? 0 : Math.round((usedThisPeriod / total) * 100)
}
