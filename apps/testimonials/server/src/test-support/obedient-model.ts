import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

interface Asked {
  system: string
  user: string
}

/** What a model says to a request, and what it says that this took. */
type Answering = (asked: Asked) => { text: string; inputTokens?: number; outputTokens?: number }

/** A model behind OpenAI's chat completions that does whatever it is told to do. */
export interface ObedientModel extends AsyncDisposable {
  baseUrl: string
  /** The requests so far. */
  asked: Asked[]
  answering: Answering
}

export async function startObedientModel(): Promise<ObedientModel> {
  const asked: Asked[] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const body: { model: string; messages: { role: string; content: string }[] } = JSON.parse(
        Buffer.concat(chunks).toString(),
      )
      const contentOf = (role: string) =>
        body.messages.find((message) => message.role === role)?.content ?? ''
      const question = { system: contentOf('system'), user: contentOf('user') }
      asked.push(question)
      const { text, inputTokens = 900, outputTokens = 120 } = model.answering(question)
      response.setHeader('content-type', 'application/json')
      response.end(
        JSON.stringify({
          id: 'chatcmpl-1',
          object: 'chat.completion',
          created: 1_700_000_000,
          model: body.model,
          choices: [{ index: 0, message: { role: 'assistant', content: text }, finish_reason: 'stop' }],
          usage: {
            prompt_tokens: inputTokens,
            completion_tokens: outputTokens,
            total_tokens: inputTokens + outputTokens,
          },
        }),
      )
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const model: ObedientModel = {
    baseUrl: `http://127.0.0.1:${port}/v1`,
    asked,
    answering: () => ({ text: '{}' }),
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  return model
}
