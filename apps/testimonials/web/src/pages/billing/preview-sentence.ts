import type { PlanPreview } from '../../api/api.generated.ts'
import type { ConsoleFormats } from '../../i18n/formats.ts'
import type { billingMessages } from './messages.ts'

type Messages = (typeof billingMessages)['en']

/** What a change of plan costs and brings, before anybody agrees: "$14.52 today, +1,500 credits now; then …". */
export function previewSentence(preview: PlanPreview, name: string, m: Messages, f: ConsoleFormats): string {
  const next =
    preview.nextInvoiceAt === null || preview.nextInvoiceCents === 0
      ? ''
      : m.afterwards(f.usd(preview.nextInvoiceCents), preview.interval, f.date(preview.nextInvoiceAt))
  switch (preview.kind) {
    case 'subscribe':
    case 'upgrade': {
      const today = m.today(f.usd(preview.dueNowCents))
      const credits = preview.creditsNow === null ? m.unlimitedNow : m.creditsNow(preview.creditsNow, f)
      return [`${today}, ${credits}`, next].filter((part) => part !== '').join('; ')
    }
    case 'downgrade':
      return `${m.nothingToday(name, f.date(preview.effectiveAt))} ${next === '' ? '' : m.sentence(next)}`.trim()
    case 'cancel':
      return m.endsOn(f.date(preview.effectiveAt))
    case 'resume':
      return m.staysOn(name)
    default:
      return m.noChange
  }
}
