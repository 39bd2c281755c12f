import { hash } from 'node:crypto'
import type {
  LanguageModelV4CallOptions,
  LanguageModelV4Content,
  LanguageModelV4Message,
} from '@ai-sdk/provider'
import { countTokens as countWithO200k } from 'gpt-tokenizer/encoding/o200k_base'

/** Characters that are counted exactly; of longer texts the rest is taken to be like the beginning. */
const exactCharacters = 100_000
const sliceCharacters = 500
/** From so many on, a digest is quicker than a count. */
const rememberedFrom = 200
const rememberedTexts = 5_000
// Names of special tokens in a text are text.
const asText = { disallowedSpecial: new Set<string>() }
/** What an image or another file is taken for: providers tell only afterwards. */
const tokensOfFile = 1_600
const tokensOfMessage = 4

/**
 * How many tokens other tokenizers make of what o200k_base makes 1,000 of, with room: a hold must not be short.
 * OpenAI's own models are counted with their own encoding.
 */
const perThousand: Readonly<Record<string, number>> = { openai: 1_000, azure: 1_000 }
const perThousandElsewhere = 1_350

/**
 * Counts of texts that came lately, by digest: instructions, tools and what was said before come again with every
 * call. No text is kept.
 */
const remembered = new Map<string, number>()

/** Tokens of a text by o200k_base. */
export function countTokens(text: string): number {
  if (text.length < rememberedFrom) return countInSlices(text)
  const digest = hash('sha256', text, 'base64')
  const known = remembered.get(digest)
  const tokens = known ?? countInSlices(text)
  // The last in the map came last.
  if (known !== undefined) remembered.delete(digest)
  remembered.set(digest, tokens)
  if (remembered.size > rememberedTexts) {
    for (const oldest of remembered.keys()) {
      remembered.delete(oldest)
      break
    }
  }
  return tokens
}

/**
 * In slices: on a long run of letters without a break the encoding takes quadratic
 * time, seconds for 100 kB. A cut counts one token more at most.
 */
function countInSlices(text: string): number {
  const exact = Math.min(text.length, exactCharacters)
  let tokens = 0
  for (let from = 0; from < exact; from += sliceCharacters) {
    tokens += countWithO200k(text.slice(from, Math.min(from + sliceCharacters, exact)), asText)
  }
  return exact === text.length ? tokens : Math.ceil((tokens * text.length) / exact)
}

/** Tokens of a call's prompt, tools and schema by o200k_base: see {@link tokensFor}. */
export function countPromptTokens({ prompt, tools, responseFormat }: LanguageModelV4CallOptions): number {
  const messages = prompt.reduce((sum, message) => sum + tokensOfMessage + messageTokens(message), 0)
  const extras = [tools, responseFormat].filter((extra) => extra !== undefined)
  const schemas = extras.reduce((sum, extra) => sum + countTokens(JSON.stringify(extra)), 0)
  return messages + schemas + tokensOfMessage
}

/** Tokens of what a model wrote, as its provider may count them. */
export function countOutputTokens(text: string, modelId: string): number {
  return text === '' ? 0 : tokensFor(countTokens(text), [modelId])
}

/** Text of an answer as it is counted: what was said, thought, and given to tools. */
export function textOfContent(content: readonly LanguageModelV4Content[]): string {
  return content
    .map((part) => {
      if (part.type === 'text' || part.type === 'reasoning') return part.text
      return part.type === 'tool-call' ? part.input : ''
    })
    .join('')
}

/** What tokens of o200k_base may come to at the providers of these models (`provider/model`): the highest of them. */
export function tokensFor(tokens: number, modelIds: readonly string[]): number {
  const factors = modelIds.map((id) => perThousand[id.slice(0, id.indexOf('/'))] ?? perThousandElsewhere)
  return Math.ceil((tokens * Math.max(1_000, ...factors)) / 1_000)
}

function messageTokens({ content }: LanguageModelV4Message): number {
  if (typeof content === 'string') return countTokens(content)
  let tokens = 0
  for (const part of content) {
    if (part.type === 'text' || part.type === 'reasoning') tokens += countTokens(part.text)
    else if (part.type === 'file' || part.type === 'reasoning-file') tokens += tokensOfFile
    else if (part.type === 'tool-call') tokens += countTokens(JSON.stringify(part.input) ?? '')
    else if (part.type === 'tool-result') tokens += countTokens(JSON.stringify(part.output) ?? '')
  }
  return tokens
}
