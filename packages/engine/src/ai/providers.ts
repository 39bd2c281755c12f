import type { LanguageModelV4 } from '@ai-sdk/provider'

/** An AI SDK provider: called with a model's name, or asked by `languageModel`. */
export type ModelProvider =
  | ((name: string) => LanguageModelV4)
  | { languageModel: (name: string) => LanguageModelV4 }

/** The model that answers for a `provider/model` of the catalog. */
export interface ResolvedModel {
  /** Who serves it, such as `openai`, `openai-compatible` or `demo`. */
  provider: string
  model: LanguageModelV4
  /** Made up: no model was called. Default false. */
  isSimulated?: boolean | undefined
  /**
   * Whether the provider stops billing when the connection is closed. Default: what is known of the provider. Where it
   * does not, the answer of a caller who left is read to its end, within a bound, and charged exactly.
   */
  stopsWhenAborted?: boolean | undefined
}

/** AI SDK providers by the catalog's prefix, or a function that finds the model; null: nobody serves it. */
export type Providers = Readonly<Record<string, ModelProvider>> | ((modelId: string) => ResolvedModel | null)

/**
 * Providers known to go on, and to bill, after the connection was closed
 * (https://openrouter.ai/docs/api-reference/streaming, stream cancellation).
 */
const billsOn: ReadonlySet<string> = new Set([
  'google',
  'vertex',
  'bedrock',
  'amazon-bedrock',
  'groq',
  'mistral',
  'perplexity',
  'replicate',
  'huggingface',
])

export const stopsWhenAborted = ({ provider, stopsWhenAborted: told }: ResolvedModel): boolean =>
  told ?? !billsOn.has(provider)

/** The model of `provider/model`; null where no provider serves it. */
export function resolveModel(providers: Providers, modelId: string): ResolvedModel | null {
  if (typeof providers === 'function') return providers(modelId)
  const slash = modelId.indexOf('/')
  const prefix = modelId.slice(0, slash)
  const name = modelId.slice(slash + 1)
  const provider = Object.hasOwn(providers, prefix) ? providers[prefix] : undefined
  if (provider === undefined) return null
  const model = typeof provider === 'function' ? provider(name) : provider.languageModel(name)
  return { provider: prefix, model }
}
