import { createParser, type EventSourceMessage } from 'eventsource-parser'

interface EventStreamOptions {
  onComment?: (comment: string) => void
  /** Ends the loop, whatever the stream does. */
  signal?: AbortSignal
}

/** The events of an answer of text/event-stream; leaving the loop closes the connection. */
export async function* serverSentEvents(
  body: ReadableStream<Uint8Array>,
  { onComment, signal }: EventStreamOptions = {},
): AsyncGenerator<EventSourceMessage, void> {
  const ready: EventSourceMessage[] = []
  const parser = createParser({
    onEvent: (event) => ready.push(event),
    ...(onComment === undefined ? {} : { onComment }),
  })
  const decoder = new TextDecoder()
  const reader = body.getReader()
  const cancel = () => void reader.cancel().catch(() => undefined)
  signal?.addEventListener('abort', cancel, { once: true })
  try {
    for (let read = await reader.read(); !read.done; read = await reader.read()) {
      parser.feed(decoder.decode(read.value, { stream: true }))
      yield* ready.splice(0)
    }
  } finally {
    signal?.removeEventListener('abort', cancel)
    cancel()
  }
}

/** Whether an answer is a stream of events. */
export function isEventStream(response: Response): boolean {
  return response.headers.get('content-type')?.startsWith('text/event-stream') === true
}
