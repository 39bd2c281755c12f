import type { LanguageModelV4, LanguageModelV4Middleware } from '@ai-sdk/provider'
import type { CatalogDefinition } from '../catalog.ts'
import type { CapabilityOf, Engine, QualityOf } from '../engine.ts'
import { meteredGenerate } from './generate.ts'
import type { CallReport, MeteringCore, MeterOptions, ModelUse, Progress } from './metering-core.ts'
import { type Providers, resolveModel } from './providers.ts'
import { receipt } from './receipt.ts'
import { started } from './started.ts'
import { meteredStream } from './stream.ts'
import { defaultTimeouts, type Timeouts } from './timeouts.ts'

export interface MeteringOptions {
  /** AI SDK providers by the catalog's prefix: `{ openai, anthropic }`. */
  providers?: Providers | undefined
  timeouts?: Partial<Timeouts> | undefined
  /** Told of each call that did not go smoothly: failed, partial, or served by another model than the first. */
  onReport?: ((report: CallReport) => void) | undefined
  /** Told of every call that was admitted, when it has ended; replays are none. For metrics. */
  onCall?: ((report: CallReport) => void) | undefined
}

/** AI SDK models whose calls are reserved and settled. Names are the catalog's: unknown ones do not compile. */
export interface Metering<Catalog extends CatalogDefinition = CatalogDefinition> {
  /** A model that walks the plan's list. Make one for each request: its steps are keyed `key#1`, `key#2`, … */
  model(options: MeterOptions<CapabilityOf<Catalog>, QualityOf<Catalog>>): LanguageModelV4
  /** Middleware for a model that the host picked, which must be in the plan's list: `wrapLanguageModel({ model, middleware })`. */
  meter(options: MeterOptions<CapabilityOf<Catalog>, QualityOf<Catalog>>): LanguageModelV4Middleware
  /** For `toUIMessageStream({ messageMetadata: stipend.receipt })`. */
  receipt: typeof receipt
  /** `await stipend.started(result.stream)`: throws the refusal while the response can still have its status. */
  started: typeof started
  /** Refuses new calls, lets those under way finish for `graceMs`, then settles what they have produced as partial. */
  close(graceMs?: number): Promise<void>
}

/** Metering over an engine. One a process, since it knows which calls are under way. */
export function createMetering<Catalog extends CatalogDefinition>(
  engine: Engine<Catalog>,
  options: MeteringOptions = {},
): Metering<Catalog> {
  const providers = options.providers ?? {}
  const core: MeteringCore = {
    opener: engine,
    providers,
    timeouts: { ...defaultTimeouts, ...options.timeouts },
    onReport: options.onReport ?? (() => undefined),
    onCall: options.onCall ?? (() => undefined),
    active: new Set(),
    isClosing: false,
  }
  return {
    model: (meterOptions) => meteredModel(core, meterOptions),
    meter: (meterOptions) => meteringMiddleware(core, meterOptions),
    receipt,
    started,
    close: (graceMs = 10_000) => close(core, graceMs),
  }
}

function modelUse(
  core: MeteringCore,
  options: MeterOptions,
  fields: Pick<ModelUse, 'resolve' | 'picked' | 'progress'>,
): ModelUse {
  const timeouts = { ...core.timeouts, ...options.timeouts }
  return { core, options, timeouts, ...fields }
}

const noProgress = (): Progress => ({ steps: 0, totalCreditsUsed: 0 })

function meteredModel(core: MeteringCore, options: MeterOptions): LanguageModelV4 {
  const use = modelUse(core, options, {
    resolve: (modelId) => resolveModel(core.providers, modelId),
    picked: undefined,
    progress: noProgress(),
  })
  return {
    specificationVersion: 'v4',
    provider: 'stipend',
    modelId: [options.capability, options.quality].filter((name) => name !== undefined).join('/'),
    // Whichever model answers, it may not take addresses: files are fetched before.
    supportedUrls: {},
    doGenerate: (callOptions) => meteredGenerate(use, callOptions),
    doStream: (callOptions) => meteredStream(use, callOptions),
  }
}

/** The catalog's prefix of an AI SDK model, which names its provider `openai.responses` or the like. */
function modelIdOf({ provider, modelId }: LanguageModelV4): string {
  const [prefix = provider] = provider.split('.')
  return `${prefix}/${modelId}`
}

function meteringMiddleware(core: MeteringCore, options: MeterOptions): LanguageModelV4Middleware {
  // One middleware may wrap several models, as where each step of a loop has its own.
  const progress = noProgress()
  const useOf = (model: LanguageModelV4): ModelUse => {
    const [prefix = model.provider] = model.provider.split('.')
    return modelUse(core, options, {
      resolve: () => ({ provider: prefix, model }),
      picked: modelIdOf(model),
      progress,
    })
  }
  return {
    specificationVersion: 'v4',
    wrapGenerate: ({ model, params }) => meteredGenerate(useOf(model), params),
    wrapStream: ({ model, params }) => meteredStream(useOf(model), params),
  }
}

async function close(core: MeteringCore, graceMs: number): Promise<void> {
  core.isClosing = true
  const calls = [...core.active]
  const all = Promise.all(calls.map(({ ended }) => ended))
  const grace = Promise.withResolvers<void>()
  const timer = setTimeout(grace.resolve, graceMs)
  await Promise.race([all, grace.promise])
  clearTimeout(timer)
  for (const call of core.active) call.interrupt(new Error('The server is shutting down.'))
  await all
}
