import { type Answer, textOf, type Wire } from './answer.ts'

/** OpenAI's chat completions, as other servers speak them. */
export const local: Wire = {
  namesEvents: false,
  lastLine: '[DONE]',
  body: ({ model, answer }) => ({
    id: 'chatcmpl-1',
    object: 'chat.completion',
    created: 1_700_000_000,
    model,
    choices: [
      {
        index: 0,
        message: {
          role: 'assistant',
          content: answer.words === undefined ? null : textOf(answer),
          ...(answer.toolCall === undefined ? {} : { tool_calls: [toolCall(answer.toolCall)] }),
        },
        finish_reason: answer.toolCall === undefined ? 'stop' : 'tool_calls',
      },
    ],
    ...usageOf(answer),
  }),
  start: ({ model }) => [chunk({ role: 'assistant' }, { model })],
  word: (word) => [chunk({ content: word })],
  end: ({ answer }) => [
    ...(answer.toolCall === undefined ? [] : [chunk({ tool_calls: [toolCall(answer.toolCall)] })]),
    chunk({}, { finish: answer.toolCall === undefined ? 'stop' : 'tool_calls' }),
    { id: 'chatcmpl-1', object: 'chat.completion.chunk', choices: [], ...usageOf(answer) },
  ],
  errorEvent: () => ({ error: { message: 'The server had an error.', type: 'server_error', code: 500 } }),
  refusal: (status) => ({
    error: { message: 'told to fail', type: 'test', param: null, code: String(status) },
  }),
}

function toolCall({ name, input }: { name: string; input: object }) {
  return {
    index: 0,
    id: 'call_1',
    type: 'function',
    function: { name, arguments: JSON.stringify(input) },
  }
}

function chunk(delta: object, { model = 'llama', finish = null as string | null } = {}) {
  return {
    id: 'chatcmpl-1',
    object: 'chat.completion.chunk',
    created: 1_700_000_000,
    model,
    choices: [{ index: 0, delta, finish_reason: finish }],
  }
}

function usageOf({ usage }: Answer) {
  if (usage === null || usage === undefined) return {}
  return {
    usage: {
      prompt_tokens: usage.input,
      completion_tokens: usage.output,
      total_tokens: usage.input + usage.output,
      prompt_tokens_details: { cached_tokens: usage.cached ?? 0 },
      completion_tokens_details: { reasoning_tokens: usage.reasoning ?? 0 },
    },
  }
}
