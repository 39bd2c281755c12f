import { type Answer, clientCodes, type Receipt, readAnswer, StipendProblem } from '@stipend/client'
import { computed, onScopeDispose, reactive, ref, shallowRef, watch } from 'vue'
import { createDraftStore } from '../internal/draft.ts'
import { queryKeys } from '../internal/query-keys.ts'
import { useStipend } from '../plugin.ts'
import { type AIAccessOptions, type QualityLevel, useAIAccess } from './use-ai-access.ts'

export interface RunContext<Input> {
  /** What `start` was given. */
  input: Input
  /** undefined: not known yet; the server takes the lowest that the plan allows. */
  quality: string | undefined
  /** To be sent as `Idempotency-Key`: a repeated call is charged once. */
  idempotencyKey: string
  /** Aborts when the person stops or leaves. */
  signal: AbortSignal
  /** Takes text as it is written, where `run` reads the answer itself. */
  onText(delta: string): void
}

export interface AIOperationOptions<Input> extends Omit<AIAccessOptions, 'quality'> {
  /** Calls the host's AI route. It may answer the fetch Response, which is read here, or the Answer of `client.run`. */
  run(context: RunContext<Input>): Promise<Response | Answer>
  /** The text of an answer that is not streamed and has no member `text`. */
  textOf?: ((body: Answer['body']) => string) | undefined
  /** Default true: a refused input is kept in the tab (sessionStorage) until it is answered. */
  keepDraft?: boolean | undefined
}

/** `refused`: nothing was charged, see `refusal`; `failed`: see `refusal` for what happened. */
export type AIOperationStatus = 'idle' | 'running' | 'done' | 'refused' | 'failed'

/** Reactive as a whole: members are used without `.value`, also in scripts. */
export interface AIOperation<Input> {
  /** The chosen level; writable. */
  quality: string | null
  readonly levels: QualityLevel[] | null
  /** Of the chosen level in the locale's figures, `–` until it is known. */
  readonly price: string
  /** In credits. */
  readonly priceCredits: number | null
  readonly canProceed: boolean
  readonly status: AIOperationStatus
  readonly isRunning: boolean
  /** What is written so far. */
  readonly text: string
  readonly answer: Answer | null
  readonly receipt: Receipt | null
  /** Why there is no answer, or before the first call why there would be none. */
  readonly refusal: StipendProblem | null
  /** What was refused, until it is answered. */
  readonly draft: Input | null
  /** Calls. Without `input`: with the draft. A call that runs is not doubled. */
  start(input?: Input): Promise<void>
  /** The refused call again, after its remedy. */
  resume(): Promise<void>
  /** Ends the call; what was written is charged. */
  stop(): void
}

/** Refusals that another balance, plan, budget or minute lifts. */
const decided: ReadonlySet<number> = new Set([402, 403, 429])
const longestTimer = 3_600_000

/** One AI feature: its price before, its text while it is written, its receipt after, its refusal instead. */
export function useAIOperationWithCredits<Input = unknown>(
  capability: string,
  options: AIOperationOptions<Input>,
): AIOperation<Input> {
  const { formats, queries } = useStipend()
  const wanted = ref<string | null>(null)
  const access = useAIAccess(capability, { ...options, quality: wanted })
  const call = useCall(capability, options, () => wanted.value ?? access.level.value?.quality)
  const { status, refused } = call

  // The server's own decision lifts a refusal: asked now, when the balance changes, and when its time is over.
  let timer: ReturnType<typeof setTimeout> | undefined
  onScopeDispose(() => clearTimeout(timer))
  watch(refused, (problem) => {
    clearTimeout(timer)
    if (problem === null || !decided.has(problem.status)) return
    if (problem.retryAfterMs !== null) {
      timer = setTimeout(() => void access.refresh(), Math.min(problem.retryAfterMs, longestTimer))
    } else void access.refresh()
  })
  watch(access.level, (level, before) => {
    const isLifted = level?.isAllowed === true && before !== level
    if (isLifted && status.value === 'refused' && refused.value !== null && decided.has(refused.value.status))
      call.lift()
  })
  watch(status, (now) => {
    if (now !== 'done' && now !== 'failed') return
    for (const queryKey of [queryKeys.balance, ...queryKeys.dependents])
      void queries.invalidateQueries({ queryKey })
  })

  const priceCredits = computed(() => access.level.value?.price ?? null)
  return reactive({
    quality: computed({
      get: () => wanted.value ?? access.level.value?.quality ?? null,
      set: (quality) => {
        wanted.value = quality
      },
    }),
    levels: access.levels,
    price: computed(() => (priceCredits.value === null ? '–' : formats.value.credits(priceCredits.value))),
    priceCredits,
    canProceed: access.canProceed,
    status,
    isRunning: computed(() => status.value === 'running'),
    text: call.text,
    answer: call.answer,
    receipt: computed(() => call.answer.value?.receipt ?? null),
    refusal: computed(() => refused.value ?? (status.value === 'idle' ? access.refusal.value : null)),
    draft: call.draft,
    start: call.start,
    resume: () => call.start(),
    stop: call.stop,
  }) as AIOperation<Input>
}

/** The call itself: one at a time, its draft, its key. */
function useCall<Input>(
  capability: string,
  options: AIOperationOptions<Input>,
  qualityNow: () => string | undefined,
) {
  const drafts = createDraftStore<Input>(`stipend.draft.${capability}`)
  const draft = shallowRef<Input | null>(options.keepDraft === false ? null : drafts.read())
  const status = shallowRef<AIOperationStatus>('idle')
  const text = shallowRef('')
  const answer = shallowRef<Answer | null>(null)
  const refused = shallowRef<StipendProblem | null>(null)
  let running: AbortController | null = null
  let openKey: string | null = null

  async function start(input?: Input): Promise<void> {
    if (running !== null) return
    const isSame = input === undefined || input === draft.value
    const given = input ?? draft.value ?? undefined
    const leave = new AbortController()
    const idempotencyKey = (isSame ? openKey : null) ?? newKey()
    running = leave
    openKey = idempotencyKey
    draft.value = given ?? null
    text.value = ''
    answer.value = null
    refused.value = null
    status.value = 'running'
    const onText = (delta: string) => {
      text.value += delta
    }
    try {
      const context = {
        input: given as Input,
        quality: qualityNow(),
        idempotencyKey,
        signal: leave.signal,
        onText,
      }
      const ran = await options.run(context)
      finish(ran instanceof Response ? await readAnswer(ran, { onText }) : ran)
    } catch (error) {
      fail(error, leave.signal)
    } finally {
      running = null
    }
  }

  function finish(read: Answer): void {
    answer.value = read
    text.value = options.textOf?.(read.body) ?? (read.text === '' ? text.value : read.text)
    status.value = 'done'
    draft.value = null
    openKey = null
    drafts.forget()
  }

  function fail(error: unknown, signal: AbortSignal): void {
    if (signal.aborted) {
      status.value = text.value === '' ? 'idle' : 'failed'
      openKey = null
      return
    }
    const problem = problemOf(error)
    // Whether the server has heard of the call is not known: the same key makes sure that it is charged once.
    if (problem.code !== clientCodes.unreachable && problem.code !== clientCodes.unreadable) openKey = null
    refused.value = problem
    status.value = decided.has(problem.status) ? 'refused' : 'failed'
    if (options.keepDraft !== false && draft.value !== null) drafts.keep(draft.value)
  }

  onScopeDispose(() => running?.abort())
  return {
    draft,
    status,
    text,
    answer,
    refused,
    start,
    stop: () => running?.abort(),
    lift: () => {
      refused.value = null
      status.value = 'idle'
    },
  }
}

function problemOf(error: unknown): StipendProblem {
  if (error instanceof StipendProblem) return error
  const title = 'The server could not be reached.'
  return new StipendProblem(
    { code: clientCodes.unreachable, status: 0, title, retryable: true },
    { cause: error },
  )
}

/** randomUUID is there in secure contexts alone. */
function newKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('')
}
