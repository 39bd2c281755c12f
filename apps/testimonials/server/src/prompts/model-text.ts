import { z } from 'zod'
import { cleanText } from '../untrusted-text.ts'

const blocks = /<(script|style)\b[^>]*>[\s\S]*?<\/\1\s*>/gi
const tags = /<[/!]?[a-z][^<>]*>|<!--[\s\S]*?-->/gi

/** What is left of a broken tag may make another one; so often it is looked at again. */
const rounds = 5

/** Text without markup and unwanted characters: what a model writes is shown as text, wherever it is shown. */
export function plainText(text: string): string {
  let rest = text
  for (let round = 0; round < rounds; round += 1) {
    const stripped = rest.replaceAll(blocks, ' ').replaceAll(tags, '')
    if (stripped === rest) return cleanText(rest)
    rest = stripped
  }
  return cleanText(rest.replaceAll(/[<>]/g, ''))
}

const wordsInARow = 7

/** Whether a text repeats seven words in a row of the instructions, or names their delimiters. */
export function repeatsInstructions(text: string, instructions: string): boolean {
  if (/customer_data/i.test(text)) return true
  const own = new Set(rowsOf(instructions))
  return rowsOf(text).some((row) => own.has(row))
}

function rowsOf(text: string): string[] {
  const words = text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []
  return words.slice(wordsInARow - 1).map((_, start) => words.slice(start, start + wordsInARow).join(' '))
}

/** A text of a model, plain, of `min` to `max` characters, that gives away nothing of what the model was told. */
export function modelText({ min, max, instructions }: { min: number; max: number; instructions: string }) {
  return z
    .string()
    .max(max * 4)
    .transform(plainText)
    .pipe(
      z
        .string()
        .min(min)
        .max(max)
        .refine((text) => !repeatsInstructions(text, instructions), 'must not repeat the instructions'),
    )
}
