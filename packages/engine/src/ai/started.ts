/** Parts that come before a model has said anything. */
const preliminary: ReadonlySet<string> = new Set(['start', 'start-step', 'stream-start', 'raw', 'ping'])

/**
 * The stream of a `streamText` result, once its model has begun to answer: until then an error can still be the HTTP
 * status of the response. What was read is passed on first.
 * @throws the error that the stream would begin with: a refusal, or `provider_failed`
 */
export async function started<Part extends { type: string }>(
  stream: ReadableStream<Part>,
): Promise<ReadableStream<Part>> {
  const reader = stream.getReader()
  const lead: Part[] = []
  for (;;) {
    const { done, value: part } = await reader.read()
    if (done) break
    if (part.type === 'error' && 'error' in part) {
      await reader.cancel()
      throw part.error
    }
    lead.push(part)
    if (!preliminary.has(part.type)) break
  }
  return new ReadableStream<Part>(
    {
      pull: async (controller) => {
        const part = lead.shift()
        if (part !== undefined) return controller.enqueue(part)
        const { done, value } = await reader.read()
        if (done) controller.close()
        else controller.enqueue(value)
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  )
}
