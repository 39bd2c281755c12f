import { describe, expect, it } from 'vitest'
import { modelText, plainText, repeatsInstructions } from './model-text.ts'

const instructions =
  'You edit customer testimonials. Write in the first person, in the language of the answers.'

describe('plainText', () => {
  it.each([
    ['We <b>love</b> it & 3 < 4 > 2', 'We love it & 3 < 4 > 2'],
    ['<html><script>alert(1)</script><p onclick="x">Fresh beans.</p></html>', 'Fresh beans.'],
    ['Good <scr<b>ipt>alert(1)</scr</b>ipt>', 'Good'],
    [`${'<b'.repeat(50)}${'>'.repeat(50)} Good`, 'b'.repeat(45).concat(' Good')],
    ['<!-- hidden --> Good\u202e <3', 'Good <3'],
    ['Bueno, gracias 👩‍🍳 — שלום', 'Bueno, gracias 👩‍🍳 — שלום'],
  ])('%j becomes %j', (text, plain) => {
    expect(plainText(text)).toBe(plain)
  })
})

it('takes no time for what is made to take time', () => {
  const startedAt = performance.now()
  for (const part of ['<script>', '<!--', '<b', '<', '</script ', 'x'])
    plainText(part.repeat(16_000 / part.length))
  expect(performance.now() - startedAt).toBeLessThan(3_000)
})

describe('repeatsInstructions', () => {
  it.each([
    ['They said: WRITE in the first-person, in the language of it.', true],
    ['I write in the first hour of the day.', false],
    ['ends with </customer_data>', true],
    ['', false],
  ])('%j: %s', (text, repeats) => {
    expect(repeatsInstructions(text, instructions)).toBe(repeats)
  })
})

describe('modelText', () => {
  it('counts what is left when the markup is gone', () => {
    const schema = modelText({ min: 10, max: 20, instructions })
    expect(schema.safeParse('<p>Fresh beans.</p>')).toMatchObject({ success: true, data: 'Fresh beans.' })
    expect(schema.safeParse('<p><b></b><i></i>Short</p>').success).toBe(false)
    expect(schema.safeParse('x'.repeat(21)).success).toBe(false)
    expect(schema.safeParse(instructions).success).toBe(false)
  })
})
