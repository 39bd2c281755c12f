import { expect, test } from 'vitest'
import type { Transaction } from '../api/api.generated.ts'
import { factsOf } from './receipt.ts'

const rowWith = (providerMetadata: Transaction['providerMetadata']) => ({ providerMetadata }) as Transaction

test('who was asked, what it answered and whether it is charged', () => {
  const { attempts, tokens } = factsOf(
    rowWith({
      usage: { model: 'gemini_flash', inputTokens: 778, outputTokens: 243, reasoningTokens: 63 },
      attempts: [
        { requested: 'anthropic/a', outcome: 'unavailable', status: 429, ms: 180 },
        {
          requested: 'google/b',
          served: 'google/b-1',
          outcome: 'served',
          inputTokens: 778,
          outputTokens: 243,
          ms: 7820,
        },
      ],
    }),
  )
  expect(tokens).toEqual({ input: 778, cached: 0, output: 243, reasoning: 63 })
  expect(attempts.map(({ requested, isCharged, status }) => [requested, isCharged, status])).toEqual([
    ['anthropic/a', false, 429],
    ['google/b', true, null],
  ])
})

test('the server decides what is charged where it says so', () => {
  const attempt = { requested: 'openai/c', outcome: 'timeout', isCharged: true }
  expect(factsOf(rowWith({ attempts: [attempt] })).attempts[0]?.isCharged).toBe(true)
})

test.each([
  null,
  {},
  { attempts: 'none', usage: [] },
  { attempts: [null, 3, { outcome: 'served' }], usage: 'many' },
])('%j has no attempts and no tokens', (metadata) => {
  expect(factsOf(rowWith(metadata))).toEqual({ attempts: [], tokens: null })
})
