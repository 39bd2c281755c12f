import type { Receipt } from '@stipend/client'
import { type Component, defineComponent, h, ref } from 'vue'
import {
  AIAccessDeniedPrompt,
  AIOperationResult,
  CreditBalanceWidget,
  CreditHistoryTable,
  QualityLevelSelector,
  RateLimitsCard,
  StipendProblem,
  useAIAccess,
} from '../src/index.ts'

export type Organization =
  | 'busy'
  | 'low'
  | 'short'
  | 'unlimited'
  | 'fresh'
  | 'denied'
  | 'silent'
  | 'unreachable'
type Story = [title: string, organization: Organization, component: Component]

export interface Group {
  title: string
  isWide?: boolean
  stories: Story[]
}

const receipt: Receipt = {
  creditsUsed: 1.25,
  creditsEstimated: 4,
  creditsMaximum: 4,
  balanceRemaining: 372.5,
  model: 'openai/gpt-4o-mini',
  quality: 'fast',
  reservationId: 'r1',
  inputTokens: 412,
  outputTokens: 208,
  simulated: false,
  replayed: false,
}
const text =
  'Thank you for writing, and for the photo. A kettle should not leak after three weeks: a new one is on its way to you and will arrive by Thursday. Please keep the old one, or bring it to any of our shops.'

const levels = defineComponent(() => {
  const { levels } = useAIAccess('reply')
  const quality = ref<string | null>('fast')
  return () =>
    h(QualityLevelSelector, {
      levels: levels.value,
      modelValue: quality.value,
      'onUpdate:modelValue': (value) => {
        quality.value = value
      },
    })
})

const heard = { onRetry: () => undefined, onUpgrade: () => undefined }

const refusalOf = (capability: string) =>
  defineComponent(() => {
    const { refusal } = useAIAccess(capability)
    return () =>
      refusal.value === null
        ? null
        : h(AIAccessDeniedPrompt, { refusal: refusal.value, draftKept: true, ...heard })
  })

const limited = new StipendProblem({
  code: 'rate_limited',
  status: 429,
  detail: '20 of 20 calls in this minute are used: ask again in 42 s.',
  retryable: true,
  remedy: { action: 'retry', retryAfterMs: 42_000 },
})
const failed = new StipendProblem({
  code: 'provider_failed',
  status: 502,
  detail: 'No model gave an answer. Nothing was charged.',
  retryable: true,
  requestId: '3f0c9a52-6d0b-4a57-9d3e-1f0f5a3c1b7e',
})

const result =
  (props: { receipt: Receipt | null; pending?: boolean }, content = '') =>
  () =>
    h(AIOperationResult, props, content === '' ? {} : { default: () => [h('span', content)] })

export const groups: Group[] = [
  {
    title: 'Balance',
    stories: [
      ['Live, a call under way', 'busy', CreditBalanceWidget],
      ['Running low', 'low', CreditBalanceWidget],
      ['Unlimited', 'unlimited', CreditBalanceWidget],
      ['Loading', 'silent', CreditBalanceWidget],
      ['Unreachable', 'unreachable', CreditBalanceWidget],
      ['Denied', 'denied', CreditBalanceWidget],
    ],
  },
  {
    title: 'Quality',
    stories: [
      ['Chosen', 'busy', levels],
      ['Not enough credits', 'short', levels],
      ['Loading', 'silent', levels],
    ],
  },
  {
    title: 'Result',
    stories: [
      ['Done, with its receipt', 'busy', result({ receipt }, text)],
      ['Being written', 'busy', result({ receipt: null, pending: true }, `${text.slice(0, 86)}`)],
      ['Simulated', 'busy', result({ receipt: { ...receipt, simulated: true } }, text.slice(0, 120))],
      ['Before the first word', 'busy', result({ receipt: null, pending: true })],
      ['Empty', 'busy', result({ receipt: null })],
    ],
  },
  {
    title: 'Refusal',
    stories: [
      ['Out of credits', 'short', refusalOf('reply')],
      ['Not in the plan', 'low', refusalOf('summary')],
      ['Rate limited', 'busy', () => h(AIAccessDeniedPrompt, { refusal: limited, ...heard })],
      ['Failed', 'busy', () => h(AIAccessDeniedPrompt, { refusal: failed, draftKept: true, ...heard })],
    ],
  },
  {
    title: 'Limits',
    stories: [
      ['In use', 'low', RateLimitsCard],
      ['None', 'unlimited', RateLimitsCard],
      ['Loading', 'silent', RateLimitsCard],
    ],
  },
  {
    title: 'History',
    isWide: true,
    stories: [['Entries', 'busy', () => h(CreditHistoryTable, { pageSize: 7 })]],
  },
  {
    title: 'History, other states',
    stories: [
      ['Nothing matches', 'fresh', () => h(CreditHistoryTable, { filters: { type: 'refund' } })],
      ['Loading', 'silent', CreditHistoryTable],
      ['Denied', 'denied', CreditHistoryTable],
    ],
  },
]
