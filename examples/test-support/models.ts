import { LLMock } from '@copilotkit/aimock'

/** A provider of models on loopback, speaking OpenAI's protocols: the same answer to everything. */
export interface Models extends AsyncDisposable {
  settings: { baseURL: string; apiKey: string }
  /** How many calls there were. */
  readonly calls: number
  /** The next call is answered with this status. */
  failNext(status: number): void
  /** The first call with this prompt is answered with a call of a tool. */
  callsTool(prompt: string, name: string, input: object): void
}

export async function startModels(answer: string): Promise<Models> {
  const mock = new LLMock({ port: 0, logLevel: 'silent' })
  // Both of OpenAI's protocols: 40 tokens in, 500 out.
  const usage = { prompt_tokens: 40, completion_tokens: 500, input_tokens: 40, output_tokens: 500 }
  mock.onMessage(/(?:)/, { content: answer, usage })
  await mock.start()
  return {
    settings: { baseURL: `${mock.url}/v1`, apiKey: 'loopback' },
    get calls() {
      return mock.getRequests().length
    },
    failNext: (status) => mock.nextRequestError(status),
    callsTool: (prompt, name, input) =>
      mock.prependFixture({
        match: { userMessage: prompt, hasToolResult: false },
        response: { toolCalls: [{ name, arguments: JSON.stringify(input) }], usage },
      }),
    [Symbol.asyncDispose]: () => mock.stop(),
  }
}
