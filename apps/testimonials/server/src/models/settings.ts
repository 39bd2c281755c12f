/** Keys and base URLs of model providers; what is absent is not called. */
export interface ProviderSettings {
  openai?: KeyedProvider | undefined
  anthropic?: KeyedProvider | undefined
  google?: KeyedProvider | undefined
  /** Any server that speaks OpenAI's chat completions: a proxy, vLLM, Ollama, … */
  openaiCompatible?: { baseUrl: string; apiKey?: string | undefined } | undefined
}

interface KeyedProvider {
  apiKey: string
  baseUrl?: string | undefined
}

/** Reads the settings out of an environment, by the names that README.md lists. Empty is absent. */
export function providerSettings(
  environment: Readonly<Record<string, string | undefined>>,
): ProviderSettings {
  const read = (name: string) => {
    const value = environment[name]?.trim()
    return value === '' ? undefined : value
  }
  const keyed = (keyName: string, urlName: string): KeyedProvider | undefined => {
    const apiKey = read(keyName)
    return apiKey === undefined ? undefined : { apiKey, baseUrl: read(urlName) }
  }
  const compatibleUrl = read('OPENAI_COMPATIBLE_BASE_URL')
  return {
    openai: keyed('OPENAI_API_KEY', 'OPENAI_BASE_URL'),
    anthropic: keyed('ANTHROPIC_API_KEY', 'ANTHROPIC_BASE_URL'),
    google: keyed('GOOGLE_GENERATIVE_AI_API_KEY', 'GOOGLE_GENERATIVE_AI_BASE_URL'),
    openaiCompatible:
      compatibleUrl === undefined
        ? undefined
        : { baseUrl: compatibleUrl, apiKey: read('OPENAI_COMPATIBLE_API_KEY') },
  }
}
