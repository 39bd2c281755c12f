import type { Pool } from 'pg'
import { createForm, listForms } from '../forms/form.ts'
import { submit } from '../forms/submission.ts'
import { setPublished } from '../forms/testimonial.ts'
import type { Customer } from '../identity/customer.ts'

const fields = {
  name: 'After the first deliveries',
  productName: 'Lumen Coffee',
  productDescription: 'Freshly roasted single-origin beans for cafés, delivered every second Thursday.',
  questions: [
    { text: 'What were you using before Lumen Coffee, and what bothered you about it?' },
    { text: 'What has changed for you since you started with Lumen Coffee?' },
    { text: 'Which result could you put a number on: hours, money, orders, mistakes avoided?' },
    { text: 'Whom would you recommend Lumen Coffee to, and what would you tell them?' },
  ],
  isOpen: true,
}

/** What came in so far: who, their answers to the questions in turn, and the text that they ended with. */
const sent = [
  {
    name: 'Ines Moreau',
    isPublished: true,
    answers: [
      'Beans from three suppliers, and half of them arrived stale.',
      'One delivery every second Thursday, roasted two days earlier.',
      'I save about three hours of phone calls a month.',
      'Any small café that cares about taste.',
    ],
    text: 'We used to order from three suppliers, and half of the beans arrived stale. Now there is one delivery every second Thursday, roasted two days earlier, and I save about three hours of phone calls a month. I would recommend Lumen Coffee to any small café that cares about taste.',
  },
  {
    name: 'Tomasz Zieliński',
    isPublished: true,
    answers: [
      'A wholesaler. The espresso tasted different every week.',
      'Guests ask what we have changed.',
      'We sell about 20 espressos more on a Saturday.',
      '',
    ],
    text: 'With our wholesaler the espresso tasted different every week. Since we switched, guests ask what we have changed, and on a Saturday we sell about 20 espressos more.',
  },
  {
    name: 'Priya Nair',
    isPublished: false,
    answers: ['', 'The roast notes on each bag help my new staff.', '', 'Cafés that train people often.'],
    text: 'The roast notes on each bag are the best training material I have for new staff. The delivery was late once in March; they called before I noticed.',
  },
]

/** Makes the demo organization's form with what came in by it, where it has no form; answers a form's id. */
export async function putDemoForm(pool: Pool, organizationId: string): Promise<string> {
  const { items } = await listForms(pool, organizationId, { limit: 1 })
  const [known] = items
  if (known !== undefined) return known.id
  const form = await createForm(pool, organizationId, fields)
  for (const [index, { name, answers, text, isPublished }] of sent.entries()) {
    const customer: Customer = {
      identity: 'verified',
      notice: null,
      actor: { type: 'customer', id: `customer:demo-${index + 1}`, name },
      sender: `customer:demo-${index + 1}`,
      limits: [],
    }
    const told = form.questions
      .map((question, place) => ({ question: question.text, answer: answers[place] ?? '' }))
      .filter(({ answer }) => answer !== '')
    const { testimonialId } = await submit(pool, { form, customer, answers: told, text, limit: 1 })
    if (isPublished) await setPublished(pool, { form, testimonialId }, true)
  }
  return form.id
}
