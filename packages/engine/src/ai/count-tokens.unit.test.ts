import { countTokens as countWithO200k } from 'gpt-tokenizer/encoding/o200k_base'
import { expect, test } from 'vitest'
import { countTokens } from './count-tokens.ts'

test('a text is counted the same again, and one that differs in a word is another', () => {
  const text = 'The boat is small and the sea is wide. '.repeat(10)
  const other = text.replace('small', 'extraordinarily ramshackle')
  const count = countTokens(text)
  expect(count).toBe(countWithO200k(text))
  expect(countTokens(text)).toBe(count)
  expect(countTokens(other)).toBe(countWithO200k(other))
})

test('counts stay right after more texts than are remembered', () => {
  const texts = Array.from({ length: 6_000 }, (_, index) => `${index} `.repeat(80))
  const counts = texts.map(countTokens)
  expect(texts.slice(0, 20).map(countTokens)).toEqual(counts.slice(0, 20))
})
