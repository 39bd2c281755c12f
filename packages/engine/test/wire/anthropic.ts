import { type Answer, textOf, type Wire } from './answer.ts'

const noUsage = { input: 0, output: 0 }

/** Anthropic's messages, whose usage is never missing: input with the first event, output with the last. */
export const anthropic: Wire = {
  namesEvents: true,
  lastLine: null,
  body: ({ model, answer }) => ({
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    model,
    content: [
      ...(answer.words === undefined ? [] : [{ type: 'text', text: textOf(answer) }]),
      ...(answer.toolCall === undefined
        ? []
        : [{ type: 'tool_use', id: 'toolu_1', name: answer.toolCall.name, input: answer.toolCall.input }]),
    ],
    stop_reason: answer.toolCall === undefined ? 'end_turn' : 'tool_use',
    stop_sequence: null,
    usage: { ...inputOf(answer), ...outputOf(answer) },
  }),
  start: ({ model, answer }) => [
    {
      type: 'message_start',
      message: {
        id: 'msg_1',
        type: 'message',
        role: 'assistant',
        model,
        content: [],
        stop_reason: null,
        stop_sequence: null,
        usage: { ...inputOf(answer), output_tokens: 1 },
      },
    },
    ...(answer.words === undefined || answer.words.length === 0
      ? []
      : [{ type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } }]),
  ],
  word: (word) => [{ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: word } }],
  end: ({ answer }) => {
    const { words = [], toolCall } = answer
    const events: object[] = words.length > 0 ? [{ type: 'content_block_stop', index: 0 }] : []
    if (toolCall !== undefined) {
      const { name, input } = toolCall
      const partial_json = JSON.stringify(input)
      events.push(
        {
          type: 'content_block_start',
          index: 1,
          content_block: { type: 'tool_use', id: 'toolu_1', name, input: {} },
        },
        { type: 'content_block_delta', index: 1, delta: { type: 'input_json_delta', partial_json } },
        { type: 'content_block_stop', index: 1 },
      )
    }
    const stop_reason = toolCall === undefined ? 'end_turn' : 'tool_use'
    return [
      ...events,
      { type: 'message_delta', delta: { stop_reason, stop_sequence: null }, usage: outputOf(answer) },
      { type: 'message_stop' },
    ]
  },
  errorEvent: () => ({ type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } }),
  refusal: (status) => ({
    type: 'error',
    error: { type: status === 529 ? 'overloaded_error' : 'api_error', message: 'told to fail' },
  }),
}

function inputOf({ usage }: Answer) {
  const { input, cached = 0, written = 0 } = { cached: 0, written: 0, ...(usage ?? noUsage) }
  return {
    input_tokens: input - cached - written,
    cache_read_input_tokens: cached,
    cache_creation_input_tokens: written,
  }
}

function outputOf({ usage }: Answer) {
  const { output, reasoning } = { reasoning: undefined, ...(usage ?? noUsage) }
  return {
    output_tokens: output,
    ...(reasoning === undefined ? {} : { output_tokens_details: { thinking_tokens: reasoning } }),
  }
}
