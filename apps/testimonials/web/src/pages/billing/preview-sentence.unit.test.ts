import { expect, test } from 'vitest'
import type { PlanPreview } from '../../api/api.generated.ts'
import type { ConsoleFormats } from '../../i18n/formats.ts'
import { billingMessages } from './messages.ts'
import { previewSentence } from './preview-sentence.ts'

const formats = {
  usd: (cents: number) => `$${(cents / 100).toFixed(2)}`,
  date: (time: string) => time.slice(0, 10),
  whole: String,
  plural: (count: number, forms: { one: string; other: string }) =>
    (count === 1 ? forms.one : forms.other).replace('#', count.toLocaleString('en-US')),
} as unknown as ConsoleFormats

const preview: PlanPreview = {
  kind: 'upgrade',
  plan: 'team',
  interval: 'month',
  dueNowCents: 1452,
  currency: 'usd',
  creditsNow: 1500,
  effectiveAt: '2026-11-23T00:00:00.000Z',
  nextInvoiceCents: 9900,
  nextInvoiceAt: '2026-12-01T00:00:00.000Z',
  prorationDate: 1,
}
const say = (change: Partial<PlanPreview>, language: 'en' | 'de' = 'en') =>
  previewSentence({ ...preview, ...change }, 'Team', billingMessages[language], formats)

test('says what is due today, what comes now, and what follows', () => {
  expect(say({})).toBe('$14.52 today, +1,500 credits now; then $99.00 a month from 2026-12-01')
  expect(say({ kind: 'subscribe', interval: 'year', creditsNow: null })).toBe(
    '$14.52 today, unlimited credits now; then $99.00 a year from 2026-12-01',
  )
  expect(say({}, 'de')).toBe('$14.52 heute, sofort +1,500 Credits; dann $99.00 im Monat ab 2026-12-01')
})

test('says that nothing is due for what waits for the period’s end', () => {
  expect(say({ kind: 'downgrade', effectiveAt: '2026-12-01T00:00:00.000Z' })).toBe(
    'Nothing today. You keep what you have until 2026-12-01, then Team. Then $99.00 a month from 2026-12-01.',
  )
  expect(say({ kind: 'cancel', nextInvoiceAt: null })).toContain('until 2026-11-23, then the free one')
  expect(say({ kind: 'resume' })).toContain('You stay on Team')
  expect(say({ kind: 'none' })).toBe('That is your plan already.')
})
