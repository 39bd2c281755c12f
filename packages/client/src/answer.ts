import {
  clientCodes,
  isObject,
  isProblem,
  jsonOrNull,
  problemIn,
  StipendProblem,
  unreachable,
} from './problem.ts'
import { isEventStream, serverSentEvents } from './server-sent-events.ts'

/** What a model call cost. Amounts in credits; null: the answer does not say. */
export interface Receipt {
  creditsUsed: number
  /** What was held for it. */
  creditsEstimated: number | null
  /** The most that it could have cost. */
  creditsMaximum: number | null
  balanceRemaining: number | null
  /** `provider/model` that served. */
  model: string | null
  quality: string | null
  reservationId: string | null
  inputTokens: number | null
  outputTokens: number | null
  /** Written by the demo provider: no model was called. */
  simulated: boolean
  /** The first answer of the Idempotency-Key, charged once. */
  replayed: boolean
}

/** The JSON of an AI route with its charge, and the text that was streamed before it. */
export interface Answer {
  /** The JSON as the route answers it. */
  body: Readonly<Record<string, unknown>>
  /** The streamed text, else the member `text` of the JSON, else empty. */
  text: string
  /** null: the route does not say what it charged. */
  receipt: Receipt | null
}

/**
 * Reads the answer of an AI route, JSON or server-sent events: `text` {delta} as it comes, then `done` with the JSON, or
 * `problem`. `onText` gets each delta.
 * @throws StipendProblem, also after text has come: then it was the last event, or the connection broke.
 */
export async function readAnswer(
  response: Response,
  { onText }: { onText?: ((delta: string) => void) | undefined } = {},
): Promise<Answer> {
  if (!response.ok) throw await problemIn(response)
  if (isEventStream(response) && response.body !== null) return await readEvents(response.body, onText)
  const body = jsonOrNull(await response.text().catch((cause) => Promise.reject(unreachable(cause))))
  if (!isObject(body)) throw unreadable(response.status, 'The answer is not JSON.')
  return { body, text: textIn(body), receipt: receiptIn(body) }
}

async function readEvents(
  stream: ReadableStream<Uint8Array>,
  onText: ((delta: string) => void) | undefined,
): Promise<Answer> {
  let text = ''
  try {
    for await (const { event, data } of serverSentEvents(stream)) {
      const body = jsonOrNull(data)
      if (!isObject(body)) continue
      if (event === 'text' && typeof body['delta'] === 'string') {
        text += body['delta']
        onText?.(body['delta'])
      } else if (event === 'problem') {
        throw isProblem(body) ? new StipendProblem(body) : unreadable(200, 'The answer broke off.')
      } else if (event === 'done')
        return { body, text: text === '' ? textIn(body) : text, receipt: receiptIn(body) }
    }
  } catch (cause) {
    throw unreachable(cause)
  }
  throw unreadable(200, 'The answer ended before it was complete.')
}

function unreadable(status: number, title: string): StipendProblem {
  return new StipendProblem({ code: clientCodes.unreadable, status, title, retryable: true })
}

function textIn({ text }: Answer['body']): string {
  return typeof text === 'string' ? text : ''
}

/** The charge in an answer: in `usage`, in `stipend` (a message's metadata), or beside the answer. */
export function receiptIn(body: Answer['body']): Receipt | null {
  const nested = isObject(body['stipend']) ? body['stipend'] : isObject(body['usage']) ? body['usage'] : {}
  const all = { ...body, ...nested }
  const number = (name: string) => (typeof all[name] === 'number' ? all[name] : null)
  const string = (name: string) => (typeof all[name] === 'string' && all[name] !== '' ? all[name] : null)
  const creditsUsed = number('creditsUsed')
  if (creditsUsed === null) return null
  return {
    creditsUsed,
    creditsEstimated: number('creditsEstimated'),
    creditsMaximum: number('creditsMaximum'),
    balanceRemaining: number('balanceRemaining'),
    model: string('model'),
    quality: string('quality'),
    reservationId: string('reservationId'),
    inputTokens: number('inputTokens'),
    outputTokens: number('outputTokens'),
    simulated: all['simulated'] === true,
    replayed: all['replayed'] === true,
  }
}
