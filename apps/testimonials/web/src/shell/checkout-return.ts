import { useQueryClient } from '@tanstack/vue-query'
import { shallowRef, watch } from 'vue'
import { useRoute, useRouter } from 'vue-router'
import { http, read } from '../api/client.ts'

/** What became of a payment that somebody comes back from. */
export type CheckoutReturn =
  | { state: 'waiting' | 'left' | 'under_way' | 'failed' | 'unknown' }
  | { state: 'paid'; credits: number }
  | { state: 'subscribed'; plan: string }

const polls = 30
const pollMs = 700

/**
 * Of the address's `checkout`, with `payment` or `plan`: waits until the server says that it is paid, since the money's way
 * back is the webhook's and not the browser's. Null: nobody comes back from paying.
 */
export function useCheckoutReturn() {
  const route = useRoute()
  const router = useRouter()
  const queries = useQueryClient()
  const result = shallowRef<CheckoutReturn | null>(null)

  async function follow(ask: () => Promise<CheckoutReturn>): Promise<void> {
    result.value = { state: 'waiting' }
    for (let poll = 0; poll < polls && result.value.state === 'waiting'; poll += 1) {
      if (poll > 0) await new Promise((resolve) => setTimeout(resolve, pollMs))
      result.value = await ask().catch((): CheckoutReturn => ({ state: 'waiting' }))
    }
    if (result.value.state === 'waiting') result.value = { state: 'unknown' }
    await queries.invalidateQueries()
  }

  watch(
    () => route.query['checkout'],
    (checkout) => {
      if (checkout !== 'done' && checkout !== 'left') return
      const { checkout: _, payment, plan, ...query } = route.query
      const left = { ...query, ...(checkout === 'left' && typeof plan === 'string' ? { plan } : {}) }
      void router.replace({ query: left })
      if (checkout === 'left') result.value = { state: 'left' }
      else if (typeof payment === 'string') void follow(() => askPayment(payment))
      else if (typeof plan === 'string') void follow(() => askPlan(plan))
    },
    { immediate: true },
  )
  const dismiss = () => {
    result.value = null
  }
  return { result, dismiss }
}

async function askPayment(id: string): Promise<CheckoutReturn> {
  const { payments } = await read(http.GET('/billing/payments', { params: { query: {} } }))
  const payment = payments.find((one) => one.id === id)
  switch (payment?.status) {
    case 'paid':
      return { state: 'paid', credits: payment.credits }
    case 'processing':
      return { state: 'under_way' }
    case 'failed':
    case 'mismatch':
      return { state: 'failed' }
    default:
      return { state: 'waiting' }
  }
}

async function askPlan(plan: string): Promise<CheckoutReturn> {
  const subscription = await read(http.GET('/billing/subscription'))
  return subscription.plan === plan ? { state: 'subscribed', plan } : { state: 'waiting' }
}
