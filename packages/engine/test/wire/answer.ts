export const protocols = ['openai', 'anthropic', 'google', 'local'] as const
export type Protocol = (typeof protocols)[number]

/** Tokens as the ledger counts them: input includes cached and written, output includes reasoning. */
export interface WireUsage {
  input: number
  cached?: number
  /** To the provider's cache: Anthropic alone. */
  written?: number
  output: number
  reasoning?: number
}

/** What a model answers, in whichever protocol it is asked. */
export interface Answer {
  /** As they are streamed. */
  words?: readonly string[]
  toolCall?: { name: string; input: object }
  /** null: none is told. */
  usage?: WireUsage | null
  /** Between two words. */
  everyMs?: number
  /** Before the headers, and between them and the first words. */
  headersMs?: number
  startMs?: number
  /**
   * After the words. `stop`: the body ends without the protocol's end. `cut`: the socket is destroyed. `error`: an
   * error event. `hang`: nothing more. Where it is not streamed, all but `end` come in the middle of the body.
   */
  ending?: 'end' | 'stop' | 'cut' | 'error' | 'hang'
}

/** What the server does with a request. `silent`: headers never come. `malformed`: 200 with half a JSON text. */
export type Reply = Answer | { status: number; headers?: Record<string, string> } | 'silent' | 'malformed'

export interface Asked {
  model: string
  answer: Answer
}

/** One protocol, as events and bodies. */
export interface Wire {
  body(asked: Asked): object
  /** Events before the first words. */
  start(asked: Asked): object[]
  word(word: string): object[]
  /** The call of a tool, and what ends the answer. */
  end(asked: Asked): object[]
  errorEvent(): object
  refusal(status: number): object
  /** Whether events are named in a line of their own. */
  namesEvents: boolean
  /** The last line of a stream, beyond events. */
  lastLine: string | null
}

export const textOf = ({ words = [] }: Answer): string => words.join('')
