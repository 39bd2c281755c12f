import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** One request that the server got. */
interface ModelRequest {
  model: string
  messages: { role: string; content: string }[]
  max_tokens?: number
  stream?: boolean
}

/** What the server does with a request. */
type ModelReply =
  | { status: number }
  | { text: string; usage?: { input: number; output: number; cached?: number; reasoning?: number } | null }
  /** Streamed: words as they come, then the end, a cut, or nothing more. */
  | { deltas: string[]; end: { input: number; output: number } | 'hang up' | 'be silent' }
  | 'hang up'
  | 'be silent'

/** A server on loopback that speaks OpenAI's chat completions as far as it is told. */
export interface ModelServer extends AsyncDisposable {
  baseUrl: string
  requests: ModelRequest[]
  /** Connections that the caller closed before the end. */
  left: number
  /** Replies in order; after the last one it is 500. */
  replies: ModelReply[]
}

export async function startModelServer(): Promise<ModelServer> {
  const requests: ModelRequest[] = []
  const replies: ModelReply[] = []
  const models = { left: 0 }
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const body: ModelRequest = JSON.parse(Buffer.concat(chunks).toString())
      requests.push(body)
      response.on('close', () => {
        if (!response.writableFinished) models.left += 1
      })
      answer(response, body, replies.shift() ?? { status: 500 })
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    baseUrl: `http://127.0.0.1:${port}/v1`,
    requests,
    replies,
    get left() {
      return models.left
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

function answer(response: ServerResponse, { model }: ModelRequest, reply: ModelReply): void {
  if (reply === 'be silent') return
  if (reply === 'hang up') {
    response.destroy()
    return
  }
  if ('deltas' in reply) {
    stream(response, model, reply)
    return
  }
  response.setHeader('content-type', 'application/json')
  if ('status' in reply) {
    response.statusCode = reply.status
    response.end(
      JSON.stringify({ error: { message: 'told to fail', type: 'test', param: null, code: null } }),
    )
    return
  }
  const { text, usage } = reply
  response.end(
    JSON.stringify({
      id: 'chatcmpl-1',
      object: 'chat.completion',
      created: 1_700_000_000,
      model,
      choices: [{ index: 0, message: { role: 'assistant', content: text }, finish_reason: 'stop' }],
      ...(usage === null || usage === undefined
        ? {}
        : {
            usage: {
              prompt_tokens: usage.input,
              completion_tokens: usage.output,
              total_tokens: usage.input + usage.output,
              prompt_tokens_details: { cached_tokens: usage.cached ?? 0 },
              completion_tokens_details: { reasoning_tokens: usage.reasoning ?? 0 },
            },
          }),
    }),
  )
}

function stream(
  response: ServerResponse,
  model: string,
  { deltas, end }: Extract<ModelReply, { deltas: string[] }>,
): void {
  response.setHeader('content-type', 'text/event-stream')
  const chunk = (fields: object) =>
    response.write(
      `data: ${JSON.stringify({ id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1_700_000_000, model, ...fields })}\n\n`,
    )
  for (const content of deltas) {
    chunk({ choices: [{ index: 0, delta: { role: 'assistant', content }, finish_reason: null }] })
  }
  if (end === 'be silent') return
  if (end === 'hang up') {
    setTimeout(() => response.destroy(), 20)
    return
  }
  chunk({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] })
  const { input, output } = end
  chunk({
    choices: [],
    usage: { prompt_tokens: input, completion_tokens: output, total_tokens: input + output },
  })
  response.end('data: [DONE]\n\n')
}
