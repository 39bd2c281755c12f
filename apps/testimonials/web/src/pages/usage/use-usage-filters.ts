import { useCreditBalance } from '@stipend/vue'
import { computed } from 'vue'
import { type RouteLocationRaw, useRoute, useRouter } from 'vue-router'
import type { TransactionQuery, UsageFilters } from '../../api/credits.ts'
import { dayMs, startOfDay, utcDay, utcDays } from '../../charts/utc-days.ts'
import { addressOf, daysOf, queryOf, type UsageAddress } from './usage-filters.ts'

/** Filters of the usage pages; the address has them, so that each view can be linked to and gone back to. */
export function useUsageFilters() {
  const route = useRoute()
  const router = useRouter()
  const { balance } = useCreditBalance()
  const address = computed(() => addressOf(route.query))

  /** Days and times of the range; null: the balance is not there yet, which knows the period. */
  const range = computed(() => {
    const days = daysOf(address.value, Date.now())
    if (days !== null) {
      const { first, last } = days
      const from = new Date(startOfDay(first)).toISOString()
      return { days: utcDays(first, last), from, to: new Date(startOfDay(last) + dayMs).toISOString() }
    }
    if (balance.value === undefined) return null
    const { periodStartsAt, periodEndsAt } = balance.value
    const last = utcDay(Math.min(Date.now(), Date.parse(periodEndsAt)))
    return { days: utcDays(utcDay(periodStartsAt), last), from: periodStartsAt, to: periodEndsAt }
  })
  const times = computed(() => (range.value === null ? {} : { from: range.value.from, to: range.value.to }))
  const usage = computed((): UsageFilters => {
    const { capability, model, actor } = address.value
    return {
      ...times.value,
      ...(capability === null ? {} : { capability }),
      ...(model === null ? {} : { model }),
      ...(actor === null ? {} : { actorId: idOf(actor) }),
    }
  })
  const transactions = computed((): TransactionQuery => {
    const { type } = address.value
    return { ...usage.value, ...(type === null ? {} : { type }) }
  })
  const isFiltered = computed(() => {
    const { capability, model, actor, type } = address.value
    return [capability, model, actor, type].some((value) => value !== null)
  })

  /** A page of the same filters, some of them changed. */
  function to(tab: string, changes: Partial<UsageAddress> = {}): RouteLocationRaw {
    return { name: 'usage', params: { tab }, query: queryOf({ ...address.value, ...changes }) }
  }

  function set(changes: Partial<UsageAddress>): void {
    void router.replace({ query: queryOf({ ...address.value, ...changes }) })
  }

  const clear = () => set({ capability: null, model: null, actor: null, type: null })
  return { address, range, times, usage, transactions, isFiltered, to, set, clear }
}

export type UsageFiltersState = ReturnType<typeof useUsageFilters>

/** Of an actor as `type:id`. */
const idOf = (actor: string) => actor.slice(actor.indexOf(':') + 1)
