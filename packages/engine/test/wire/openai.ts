import { type Answer, type Asked, textOf, type Wire } from './answer.ts'

/** OpenAI's responses. */
export const openai: Wire = {
  namesEvents: true,
  lastLine: null,
  body: ({ model, answer }) => ({
    id: 'resp_1',
    object: 'response',
    created_at: 1_700_000_000,
    status: 'completed',
    model,
    output: [
      ...(answer.words === undefined ? [] : [message(textOf(answer))]),
      ...(answer.toolCall === undefined ? [] : [functionCall(answer.toolCall)]),
    ],
    ...usageOf(answer),
  }),
  start: ({ model, answer }) => [
    { type: 'response.created', response: { id: 'resp_1', created_at: 1_700_000_000, model } },
    ...(answer.words === undefined || answer.words.length === 0
      ? []
      : [{ type: 'response.output_item.added', output_index: 0, item: { type: 'message', id: 'msg_1' } }]),
  ],
  word: (word) => [
    {
      type: 'response.output_text.delta',
      item_id: 'msg_1',
      output_index: 0,
      content_index: 0,
      delta: word,
    },
  ],
  end: (asked) => endOf(asked),
  errorEvent: () => ({
    type: 'error',
    sequence_number: 9,
    code: 'server_error',
    message: 'The server had an error.',
    param: null,
  }),
  refusal: (status) => ({
    error: { message: 'told to fail', type: 'test', param: null, code: String(status) },
  }),
}

function message(text: string) {
  const content = [{ type: 'output_text', text, annotations: [] }]
  return { type: 'message', id: 'msg_1', role: 'assistant', status: 'completed', content }
}

function functionCall({ name, input }: { name: string; input: object }) {
  return {
    type: 'function_call',
    id: 'fc_1',
    call_id: 'call_1',
    name,
    arguments: JSON.stringify(input),
    status: 'completed',
  }
}

function endOf({ model, answer }: Asked): object[] {
  const { words = [], toolCall } = answer
  const events: object[] = []
  if (words.length > 0)
    events.push({ type: 'response.output_item.done', output_index: 0, item: message(textOf(answer)) })
  if (toolCall !== undefined) {
    const item = functionCall(toolCall)
    events.push(
      { type: 'response.output_item.added', output_index: 1, item: { ...item, arguments: '' } },
      {
        type: 'response.function_call_arguments.delta',
        item_id: 'fc_1',
        output_index: 1,
        delta: item.arguments,
      },
      { type: 'response.output_item.done', output_index: 1, item },
    )
  }
  const response = { id: 'resp_1', model, incomplete_details: null, ...usageOf(answer) }
  return [...events, { type: 'response.completed', response }]
}

function usageOf({ usage }: Answer) {
  if (usage === null || usage === undefined) return {}
  return {
    usage: {
      input_tokens: usage.input,
      input_tokens_details: { cached_tokens: usage.cached ?? 0 },
      output_tokens: usage.output,
      output_tokens_details: { reasoning_tokens: usage.reasoning ?? 0 },
      total_tokens: usage.input + usage.output,
    },
  }
}
