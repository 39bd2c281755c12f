import { expect, test } from 'vitest'
import { jsonText } from './json-text.ts'

test.each([
  ['a\u0000b', 'a\ufffdb'],
  ['\ud800 and \udfff', '\ufffd and \ufffd'],
  ['😀', '😀'],
  ['a backslash and u0000: \\u0000', 'a backslash and u0000: \\u0000'],
  ['\\\u0000"\n', '\\\ufffd"\n'],
])('%j is stored as %j', (text, stored) => {
  expect(JSON.parse(jsonText({ [text]: [text] }))).toEqual({ [stored]: [stored] })
})
