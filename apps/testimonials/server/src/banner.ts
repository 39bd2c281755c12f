import { formatCredits } from '@stipend/engine'
import { demoOrganization } from './demo/organization.ts'
import { demoOwner } from './demo/people.ts'
import type { Running } from './start.ts'

const example = {
  productName: 'Lumen Coffee',
  tone: 'friendly',
  answers: [
    {
      question: 'What was it like before?',
      answer:
        'We ordered beans from three suppliers and half of them arrived stale. I spent every Monday on the phone.',
    },
    {
      question: 'What has changed?',
      answer:
        'One delivery every second Thursday, roasted two days earlier. Our guests noticed within a week, and nobody has complained about the espresso since.',
    },
    { question: 'What do you like most?', answer: 'the roast notes on each bag' },
    { question: 'To whom would you recommend it?', answer: 'any small café that cares about taste' },
  ],
}

/** What a newcomer reads first. */
export async function banner({
  credentials,
  testimonials,
  demoFormId,
  signInLink,
  hasConsole,
  mail,
  payments,
  database,
}: Running): Promise<string> {
  const { url, organizationId, apiKey } = credentials
  const { engine, registry } = testimonials
  const balance = await engine.checkCreditBalance(organizationId)
  const isDemo = registry.providers.includes('demo')
  const models = isDemo
    ? 'demo: answers are simulated. For real ones set OPENAI_API_KEY, ANTHROPIC_API_KEY,\n                GOOGLE_GENERATIVE_AI_API_KEY or OPENAI_COMPATIBLE_BASE_URL.'
    : registry.providers.join(', ')
  return `
Stipend is running.

  Console       ${hasConsole ? `${url}/app` : 'not built: npm run build -w @stipend/testimonials-web, then start again'}
  Sign in       ${signInLink}
                as ${demoOwner.name}, its owner; the link works once and for an hour, each start prints a new one
  API           ${url}, documented at ${url}/docs
  Organization  ${demoOrganization.name} (${organizationId}), plan ${balance.plan}, ${formatCredits(balance.balance)} credits
  API key       ${apiKey}
  Public form   ${hasConsole ? `${url}/f/${demoFormId}` : `${url}/public/forms/${demoFormId}`} (needs no account)
  Models        ${models}
  Mails         ${mail}
  Payments      ${payments.description}
  Database      ${database.description}

Turn a customer's answers into a testimonial:

curl -s ${url}/ai/assemble-testimonial -H 'Authorization: Bearer ${apiKey}' -H 'Content-Type: application/json' -d '${JSON.stringify(example)}'

What it cost is in the answer; with the same Authorization header, ${url}/credits/balance
and ${url}/credits/transactions show the balance and the ledger.
Stop with Ctrl+C; the data stays.
`
}
