import { describe, expect, it } from 'vitest'
import { tones } from '../prompts/assemble-testimonial.ts'
import { polish, writeQuestions, writeTestimonial } from './demo-writer.ts'

const productName = 'Lumen Coffee'
const answers = [
  { question: 'Whom would you recommend it to?', answer: 'any small café' },
  { question: 'What was it like before?', answer: 'We ordered from three suppliers. Half arrived stale.' },
  { question: 'What do you like most?', answer: 'the roast notes on each bag' },
  { question: 'How much did it save?', answer: 'saves us three hours a week' },
]

describe('the demo writer', () => {
  it('orders, mends and joins what the customer said', () => {
    expect(writeTestimonial({ productName, answers, tone: 'friendly', length: 'long' })).toBe(
      'Before Lumen Coffee, we ordered from three suppliers. Half arrived stale. ' +
        'What stands out most: the roast notes on each bag. Lumen Coffee saves us three hours a week. ' +
        'I would recommend Lumen Coffee to any small café.',
    )
  })

  it('names the product where no answer does, and only in English texts', () => {
    const english = [{ question: 'Anything else?', answer: 'It is the best espresso in town.' }]
    for (const tone of tones) {
      expect(writeTestimonial({ productName, answers: english, tone, length: 'short' })).toContain(
        productName,
      )
    }
    const german = [{ question: 'Was noch?', answer: 'Endlich schmeckt unser Kaffee.' }]
    expect(writeTestimonial({ productName, answers: german, tone: 'friendly', length: 'short' })).toBe(
      'Endlich schmeckt unser Kaffee.',
    )
  })

  it('writes as many questions as asked for, about the product', () => {
    for (let count = 1; count <= 10; count += 1) {
      const questions = writeQuestions({
        productName: 'C++ (Pro)',
        productDescription: 'Fresh beans.',
        count,
      })
      expect(questions).toHaveLength(count)
      expect(questions.join(' ')).toContain('C++ (Pro)')
    }
  })

  it('polishes and follows wishes about wording', () => {
    const text = 'i like teh beans ,they dont taste stale. It is great!! I can not stop. Truly.'
    expect(polish({ text, wish: null })).toBe(
      "I like the beans, they don't taste stale. It is great! I can not stop. Truly.",
    )
    expect(polish({ text, wish: 'shorter please' })).toBe(
      "I like the beans, they don't taste stale. It is great!",
    )
    expect(polish({ text, wish: 'more formal' })).toContain('they do not taste stale. It is great.')
  })
})
