import type { DueMessage, Usage } from '@stipend/engine'
import { creditsToNumber } from '@stipend/engine'
import { english, german, type LetterWords } from './letter-words.ts'
import type { Letter, Pages, Recipient } from './settings.ts'

/** What a digest tells of a week. */
export interface WeekOfUsage {
  byCapability: readonly Usage[]
  byPerson: readonly Usage[]
}

/** Which page a letter links to. */
const pageOf: Readonly<Record<string, keyof Pages>> = {
  'webhook_endpoint.disabled': 'webhooks',
}

/** The letter of an event for somebody, in their language. Names and figures, never prompts or answers. */
export function letterFor(
  message: DueMessage,
  recipient: Recipient,
  pages: Pages,
  week: WeekOfUsage | null,
): Letter {
  const words = recipient.locale?.toLowerCase().startsWith('de') === true ? german : english
  const organization = oneLine(message.organizationName)
  const { subject, paragraphs } = composed(words, message, organization, week)
  const page = pages[pageOf[message.type] ?? 'billing']
  const parts = [
    ...paragraphs,
    ...(page === undefined || week !== null ? [] : [page]),
    [words.why(organization), ...(pages.settings === undefined ? [] : [words.settings, pages.settings])].join(
      '\n',
    ),
  ]
  return { to: recipient.email, subject, text: `${parts.join('\n\n')}\n` }
}

function composed(
  words: LetterWords,
  { type, payload }: DueMessage,
  organization: string,
  week: WeekOfUsage | null,
): { subject: string; paragraphs: string[] } {
  if (week !== null) return digest(words, payload, organization, week)
  const facts = {
    organization,
    balance: words.credits(numberOf(payload['balance'])),
    threshold: words.credits(numberOf(payload['threshold'])),
    credits: words.credits(numberOf(payload['credits'])),
    amount: words.money(numberOf(payload['amountCents']), oneLine(String(payload['currency'] ?? 'usd'))),
    declines: words.number(numberOf(payload['declines'])),
    host: oneLine(String(payload['host'] ?? '')),
    isGone: payload['reason'] === 'gone',
  }
  const { subject, text } = words.letters[type]?.(facts) ?? words.other(organization)
  const { payUrl } = payload
  const isPayable = type === 'payment.failed' && typeof payUrl === 'string' && /^https?:\/\/\S+$/.test(payUrl)
  return { subject, paragraphs: isPayable ? [text, words.pay, payUrl] : [text] }
}

function digest(
  words: LetterWords,
  payload: DueMessage['payload'],
  organization: string,
  { byCapability, byPerson }: WeekOfUsage,
) {
  const total = byCapability.reduce((sum, { credits }) => sum + creditsToNumber(credits), 0)
  const calls = byCapability.reduce((sum, { calls }) => sum + calls, 0)
  const lines = (usage: readonly Line[]) =>
    usage
      .toSorted((a, b) => b.credits - a.credits)
      .slice(0, 20)
      .map(({ name, credits, calls }) => `  ${oneLine(name)}: ${words.creditsOfCalls(credits, calls)}`)
  const day = (value: unknown) => words.day(new Date(String(value)))
  const last = new Date(new Date(String(payload['to'])).getTime() - 1)
  const span = words.span(day(payload['from']), words.day(last))
  return {
    subject: words.digestSubject(organization, span),
    paragraphs: [
      words.digestTotal(organization, words.creditsOfCalls(total, calls), span),
      [words.byCapability, ...lines(byCapability.map((usage) => lineOf(usage, words)))].join('\n'),
      [words.byPerson, ...lines(peopleOf(byPerson, words))].join('\n'),
    ],
  }
}

interface Line {
  name: string
  credits: number
  calls: number
}

function lineOf({ name, group, credits, calls }: Usage, words: LetterWords): Line {
  return { name: name ?? group ?? words.nobody, credits: creditsToNumber(credits), calls }
}

/** Customers of public forms as one: not everybody who gets the letter may read what they are called. */
function peopleOf(byPerson: readonly Usage[], words: LetterWords): Line[] {
  const isCustomer = ({ group }: Usage) => group?.startsWith('customer:') === true
  const customers = byPerson.filter(isCustomer).map((usage) => lineOf(usage, words))
  const people = byPerson.filter((usage) => !isCustomer(usage)).map((usage) => lineOf(usage, words))
  if (customers.length === 0) return people
  const sum = (field: 'credits' | 'calls') => customers.reduce((total, line) => total + line[field], 0)
  return [...people, { name: words.customers, credits: sum('credits'), calls: sum('calls') }]
}

function numberOf(value: unknown): number {
  return typeof value === 'number' ? value : Number(value ?? 0)
}

const longestName = 80

/** A name that somebody typed, as part of a line of ours. Mail programs make links of what looks like one. */
export function oneLine(name: string): string {
  const line = name.replace(/[\p{C}\p{Z}\s]+/gu, ' ').trim()
  const plain = line.replace(/:\/\/|www\./gi, ' ')
  return plain.length > longestName ? `${plain.slice(0, longestName)}…` : plain
}
