import type { StipendClient } from '@stipend/client'
import { StipendProblem } from '@stipend/client'
import { QueryClient } from '@tanstack/query-core'
import {
  type App,
  type ComputedRef,
  computed,
  type InjectionKey,
  inject,
  type MaybeRefOrGetter,
  toValue,
} from 'vue'
import { createFormats, type Formats } from './internal/formats.ts'
import { createLiveBalance, type LiveBalance } from './internal/live-balance.ts'
import { german } from './messages/de.ts'
import { english, type Messages } from './messages/en.ts'

export interface StipendVueOptions {
  client: StipendClient
  /** BCP 47, may change while the app runs. Default: the browser's. Decides numbers, dates, plurals and texts. */
  locale?: MaybeRefOrGetter<string> | undefined
  /** Texts by language, in place of the shipped ones (`en`, `de`) or for more languages; missing ones are English. */
  messages?: Readonly<Record<string, Partial<Messages>>> | undefined
  /** Where plans can be compared and changed: the link that a refusal offers. Without it the prompt emits `upgrade`. */
  plansUrl?: ((plan: string) => string) | undefined
  /** A query client that the app has already. */
  queryClient?: QueryClient | undefined
}

/** What every composable and component finds. */
export interface StipendContext {
  client: StipendClient
  queries: QueryClient
  liveBalance: LiveBalance
  messages: ComputedRef<Messages>
  formats: ComputedRef<Formats>
  plansUrl: ((plan: string) => string) | undefined
}

export interface StipendVue {
  install(app: App): void
}

const contextKey: InjectionKey<StipendContext> = Symbol('stipend')

/** The plugin: `app.use(createStipendVue({ client }))`. */
export function createStipendVue(options: StipendVueOptions): StipendVue {
  const queries = options.queryClient ?? createQueryClient()
  const locale = computed(() => toValue(options.locale) ?? browserLocale())
  const context: StipendContext = {
    client: options.client,
    queries,
    liveBalance: createLiveBalance(options.client, queries),
    messages: computed(() => messagesOf(locale.value, options.messages)),
    formats: computed(() => createFormats(locale.value)),
    plansUrl: options.plansUrl,
  }
  return {
    install: (app) => {
      app.provide(contextKey, context)
      queries.mount()
      app.onUnmount(() => queries.unmount())
    },
  }
}

/** The client, texts and formats of the app; in setup alone. */
export function useStipend(): StipendContext {
  const context = inject(contextKey, null)
  if (context === null)
    throw new Error('Call app.use(createStipendVue({ client })) before components of @stipend/vue.')
  return context
}

/** Once more or twice, and only what may pass soon by itself. */
function createQueryClient(): QueryClient {
  return new QueryClient({
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
    },
  })
}

function messagesOf(locale: string, given: StipendVueOptions['messages']): Messages {
  const language = locale.toLowerCase().split('-')[0] ?? 'en'
  const shipped = language === 'de' ? german : english
  return { ...shipped, ...given?.[language] }
}

function browserLocale(): string {
  return typeof navigator === 'undefined' ? 'en' : navigator.language
}
