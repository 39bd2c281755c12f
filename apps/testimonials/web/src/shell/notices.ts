import type { Notification } from '../api/api.generated.ts'
import type { ConsoleFormats } from '../i18n/formats.ts'

const numberOf = (value: unknown) => (typeof value === 'number' ? value : 0)

const en = {
  title: 'Notices',
  open: (unread: number) => (unread === 0 ? 'Notices' : `Notices, ${unread} unread`),
  none: 'Nothing has happened yet.',
  more: 'Show more',
  texts: {
    'credits.low_balance': (payload, f) =>
      `Credits are low: ${f.credits(numberOf(payload['balance']))} left.`,
    'credits.depleted': () => 'All credits are used.',
    'credits.topup_purchased': (payload, f) =>
      `${f.plural(numberOf(payload['credits']), { one: '# credit', other: '# credits' })} came from a purchase.`,
    'topup.clawed_back': (payload, f) =>
      `${f.plural(numberOf(payload['credits']), { one: '# credit was', other: '# credits were' })} taken back after a refund or dispute.`,
    'plan.changed': (payload) => `The plan is ${String(payload['plan'] ?? '')} now.`,
    'payment.failed': (payload, f) => `A payment of ${f.usd(numberOf(payload['amountCents']))} failed.`,
    'subscription.past_due': () => 'The subscription is not paid: monthly credits have lapsed.',
    'subscription.ended': () => 'The subscription has ended.',
    'auto_topup.stopped': () => 'Automatic top-up has stopped after three declines.',
    'budget.threshold': (payload) => `A budget is used to ${numberOf(payload['percent'])} %.`,
    'webhook_endpoint.disabled': () => 'A webhook endpoint was switched off after days of failures.',
  } as Record<string, (payload: Record<string, unknown>, f: ConsoleFormats) => string>,
}

const de: typeof en = {
  title: 'Hinweise',
  open: (unread) => (unread === 0 ? 'Hinweise' : `Hinweise, ${unread} ungelesen`),
  none: 'Es ist noch nichts geschehen.',
  more: 'Mehr anzeigen',
  texts: {
    'credits.low_balance': (payload, f) =>
      `Die Credits sind knapp: noch ${f.credits(numberOf(payload['balance']))}.`,
    'credits.depleted': () => 'Alle Credits sind verbraucht.',
    'credits.topup_purchased': (payload, f) =>
      `${f.plural(numberOf(payload['credits']), { one: '# Credit kam', other: '# Credits kamen' })} durch einen Kauf.`,
    'topup.clawed_back': (payload, f) =>
      `${f.plural(numberOf(payload['credits']), { one: '# Credit wurde', other: '# Credits wurden' })} nach Erstattung oder Anfechtung zurückgenommen.`,
    'plan.changed': (payload) => `Der Tarif ist jetzt ${String(payload['plan'] ?? '')}.`,
    'payment.failed': (payload, f) =>
      `Eine Zahlung von ${f.usd(numberOf(payload['amountCents']))} ist fehlgeschlagen.`,
    'subscription.past_due': () =>
      'Das Abonnement ist nicht bezahlt: Die monatlichen Credits sind verfallen.',
    'subscription.ended': () => 'Das Abonnement ist beendet.',
    'auto_topup.stopped': () => 'Automatisches Aufladen wurde nach drei Ablehnungen angehalten.',
    'budget.threshold': (payload) => `Ein Budget ist zu ${numberOf(payload['percent'])} % verbraucht.`,
    'webhook_endpoint.disabled': () =>
      'Ein Webhook-Endpunkt wurde nach Tagen voller Fehlschläge ausgeschaltet.',
  },
}

export const noticeMessages = { en, de }

/** A notice as a sentence. */
export function noticeText({ type, payload }: Notification, m: typeof en, f: ConsoleFormats): string {
  return m.texts[type]?.(payload, f) ?? type
}

/** The page that a notice is about. */
export function noticePage(type: string): { name: string; params?: Record<string, string> } {
  if (type.startsWith('webhook_endpoint.')) return { name: 'settings', params: { section: 'webhooks' } }
  if (type.startsWith('budget.')) return { name: 'settings', params: { section: 'budgets' } }
  if (type.startsWith('credits.')) return { name: 'usage' }
  return { name: 'billing' }
}
