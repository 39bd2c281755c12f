import { type AccessDecision, type AccessReport, type Capability, StipendProblem } from '@stipend/client'
import { type ComputedRef, computed, type MaybeRefOrGetter, toValue } from 'vue'
import { queryKeys } from '../internal/query-keys.ts'
import { type ResourceStatus, useResource } from '../internal/use-resource.ts'
import { useStipend } from '../plugin.ts'

/** A quality level as the server decides on it now. */
export interface QualityLevel {
  quality: string
  /** As the catalog names it. */
  name: string
  /** Credits that would be held; null: not known, as it is refused. */
  price: number | null
  /** The most that the call can cost, in credits. */
  maximum: number | null
  isAllowed: boolean
  refusal: StipendProblem | null
}

export interface AIAccessOptions {
  /** null: the first that is allowed. */
  quality?: MaybeRefOrGetter<string | null | undefined> | undefined
  /** Where they are known the price is of this very call. */
  promptTokens?: MaybeRefOrGetter<number | undefined> | undefined
  maxOutputTokens?: MaybeRefOrGetter<number | undefined> | undefined
}

export interface AIAccess {
  /** The plan's levels, low to high; null until they are known. */
  levels: ComputedRef<QualityLevel[] | null>
  /** The one asked for, else the first allowed, else the first. */
  level: ComputedRef<QualityLevel | null>
  canProceed: ComputedRef<boolean>
  /** Another plan is the remedy. */
  upgradeRequired: ComputedRef<boolean>
  /** A top-up is the remedy. */
  topupRequired: ComputedRef<boolean>
  /** Why the call would be refused now. */
  refusal: ComputedRef<StipendProblem | null>
  status: ComputedRef<ResourceStatus>
  /** Why the decision is not known. */
  problem: ComputedRef<StipendProblem | null>
  refresh(): Promise<void>
}

/** The server's decision on a call, without making it; asked again when the balance has changed. */
export function useAIAccess(capability: MaybeRefOrGetter<string>, options: AIAccessOptions = {}): AIAccess {
  const { client } = useStipend()
  const decision = useResource(() => {
    const question = questionOf(toValue(capability), options)
    return {
      key: [...queryKeys.access, question],
      load: (signal) => client.checkAccess(question, { signal }),
    }
  })
  const offers = useResource(() => ({
    key: queryKeys.capabilities,
    load: (signal) => client.listCapabilities({ signal }),
  }))
  const levels = computed(() =>
    decision.data.value === undefined
      ? null
      : decision.data.value.qualities.map((item) => levelOf(item, offers.data.value, toValue(capability))),
  )
  const level = computed(() => {
    const all = levels.value ?? []
    const wanted = toValue(options.quality)
    return (
      all.find(({ quality }) => quality === wanted) ??
      all.find(({ isAllowed }) => isAllowed) ??
      all[0] ??
      null
    )
  })
  const refusal = computed(() => level.value?.refusal ?? planRefusal(decision.data.value))
  return {
    levels,
    level,
    canProceed: computed(() => level.value?.isAllowed === true),
    upgradeRequired: computed(() => refusal.value?.remedy?.action === 'change_plan'),
    topupRequired: computed(() => refusal.value?.remedy?.action === 'top_up'),
    refusal,
    status: decision.status,
    problem: decision.problem,
    refresh: decision.refresh,
  }
}

function questionOf(capability: string, options: AIAccessOptions) {
  const promptTokens = toValue(options.promptTokens)
  const maxOutputTokens = toValue(options.maxOutputTokens)
  return {
    capability,
    ...(promptTokens === undefined ? {} : { promptTokens }),
    ...(maxOutputTokens === undefined ? {} : { maxOutputTokens }),
  }
}

function levelOf(
  decision: AccessDecision,
  offers: Capability[] | undefined,
  capability: string,
): QualityLevel {
  const { quality, estimatedCredits, maximumCredits, isAllowed, refusal } = decision
  const offer = offers?.find((item) => item.capability === capability)
  return {
    quality,
    name: offer?.qualities.find((item) => item.quality === quality)?.name ?? quality,
    price: estimatedCredits,
    maximum: maximumCredits,
    isAllowed,
    refusal: refusal === null ? null : new StipendProblem(refusal),
  }
}

function planRefusal(report: AccessReport | undefined): StipendProblem | null {
  return report === undefined || report.refusal === null ? null : new StipendProblem(report.refusal)
}
