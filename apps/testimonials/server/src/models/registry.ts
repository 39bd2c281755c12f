import { createAnthropic } from '@ai-sdk/anthropic'
import { createGoogle } from '@ai-sdk/google'
import { createOpenAI } from '@ai-sdk/openai'
import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import type { LanguageModelV4 } from '@ai-sdk/provider'
import type { ResolvedModel } from '@stipend/engine/ai'
import { extractJsonMiddleware, wrapLanguageModel } from 'ai'
import { createDemoModel } from './demo-model.ts'
import type { ProviderSettings } from './settings.ts'

export interface ModelRegistry {
  /** Providers that are configured; `demo` alone where none is. */
  readonly providers: readonly string[]
  /** Null where no configured provider serves it. */
  readonly resolve: (modelId: string) => ResolvedModel | null
}

type ModelOf = (name: string) => LanguageModelV4

/**
 * Who serves which catalog prefix. A provider with a key serves its own; the OpenAI-compatible URL serves
 * `openai-compatible/NAME` as NAME and every prefix without a key by its full name, as proxies know it.
 * With nothing configured the demo provider serves all.
 */
export function createModelRegistry(settings: ProviderSettings): ModelRegistry {
  const named = namedProviders(settings)
  const compatible = compatibleProvider(settings)
  const providers = [...named.keys(), ...(compatible === null ? [] : ['openai-compatible'])]
  if (providers.length === 0) return demoRegistry()
  return {
    providers,
    resolve(modelId) {
      const [prefix, name] = splitModelId(modelId)
      const own = named.get(prefix)
      if (own !== undefined) return resolved(prefix, own(name))
      if (compatible === null) return null
      return resolved('openai-compatible', compatible(prefix === 'openai-compatible' ? name : modelId))
    },
  }
}

function demoRegistry(): ModelRegistry {
  return {
    providers: ['demo'],
    resolve: (modelId) => ({ provider: 'demo', model: createDemoModel(modelId), isSimulated: true }),
  }
}

function resolved(provider: string, model: LanguageModelV4): ResolvedModel {
  // Some models put their JSON into a code fence.
  return {
    provider,
    model: wrapLanguageModel({ model, middleware: extractJsonMiddleware() }),
    isSimulated: false,
  }
}

function namedProviders({ openai, anthropic, google }: ProviderSettings): Map<string, ModelOf> {
  const named = new Map<string, ModelOf>()
  if (openai !== undefined) named.set('openai', createOpenAI(sdkSettings(openai)))
  if (anthropic !== undefined) named.set('anthropic', createAnthropic(sdkSettings(anthropic)))
  if (google !== undefined) named.set('google', createGoogle(sdkSettings(google)))
  return named
}

function sdkSettings({ apiKey, baseUrl }: { apiKey: string; baseUrl?: string | undefined }) {
  return baseUrl === undefined ? { apiKey } : { apiKey, baseURL: baseUrl }
}

function compatibleProvider({ openaiCompatible }: ProviderSettings): ModelOf | null {
  if (openaiCompatible === undefined) return null
  const { baseUrl, apiKey } = openaiCompatible
  return createOpenAICompatible({
    name: 'openai-compatible',
    baseURL: baseUrl,
    includeUsage: true,
    ...(apiKey === undefined ? {} : { apiKey }),
  })
}

function splitModelId(modelId: string): [prefix: string, name: string] {
  const slash = modelId.indexOf('/')
  return [modelId.slice(0, slash), modelId.slice(slash + 1)]
}
