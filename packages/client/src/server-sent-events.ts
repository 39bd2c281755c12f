import { createParser, type EventSourceMessage } from 'eventsource-parser'

/** The events of an answer of text/event-stream; leaving the loop closes the connection. */
export async function* serverSentEvents(
  body: ReadableStream<Uint8Array>,
  { onComment }: { onComment?: (comment: string) => void } = {},
): AsyncGenerator<EventSourceMessage, void> {
  const ready: EventSourceMessage[] = []
  const parser = createParser({
    onEvent: (event) => ready.push(event),
    ...(onComment === undefined ? {} : { onComment }),
  })
  const decoder = new TextDecoder()
  const reader = body.getReader()
  try {
    for (let read = await reader.read(); !read.done; read = await reader.read()) {
      parser.feed(decoder.decode(read.value, { stream: true }))
      yield* ready.splice(0)
    }
  } finally {
    reader.cancel().catch(() => undefined)
  }
}

/** Whether an answer is a stream of events. */
export function isEventStream(response: Response): boolean {
  return response.headers.get('content-type')?.startsWith('text/event-stream') === true
}
