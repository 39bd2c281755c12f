import { type Answer, textOf, type Wire } from './answer.ts'

/** Google's generateContent. The prompt's tokens come with each event, as Google tells them. */
export const google: Wire = {
  namesEvents: false,
  lastLine: null,
  body: ({ model, answer }) => ({
    candidates: [
      {
        index: 0,
        content: {
          role: 'model',
          parts: [
            ...(answer.words === undefined ? [] : [{ text: textOf(answer) }]),
            ...(answer.toolCall === undefined ? [] : [functionCall(answer.toolCall)]),
          ],
        },
        finishReason: 'STOP',
      },
    ],
    ...usageOf(answer),
    modelVersion: model,
  }),
  start: ({ model, answer }) => [{ modelVersion: model, ...promptOf(answer) }],
  word: (word) => [{ candidates: [{ index: 0, content: { role: 'model', parts: [{ text: word }] } }] }],
  end: ({ answer }) => [
    {
      candidates: [
        {
          index: 0,
          content: {
            role: 'model',
            parts: answer.toolCall === undefined ? [{ text: '' }] : [functionCall(answer.toolCall)],
          },
          finishReason: 'STOP',
        },
      ],
      ...usageOf(answer),
    },
  ],
  errorEvent: () => ({
    error: { code: 503, message: 'The model is overloaded.', status: 'UNAVAILABLE' },
  }),
  refusal: (status) => ({ error: { code: status, message: 'told to fail', status: 'UNAVAILABLE' } }),
}

function functionCall({ name, input }: { name: string; input: object }) {
  return { functionCall: { name, args: input } }
}

function promptOf({ usage }: Answer) {
  if (usage === null || usage === undefined) return {}
  const { input, cached = 0 } = usage
  return { usageMetadata: { promptTokenCount: input, cachedContentTokenCount: cached } }
}

function usageOf({ usage }: Answer) {
  if (usage === null || usage === undefined) return {}
  const { input, cached = 0, output, reasoning = 0 } = usage
  return {
    usageMetadata: {
      promptTokenCount: input,
      cachedContentTokenCount: cached,
      candidatesTokenCount: output - reasoning,
      thoughtsTokenCount: reasoning,
      totalTokenCount: input + output,
    },
  }
}
