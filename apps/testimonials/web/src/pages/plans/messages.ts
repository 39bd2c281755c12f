import type { ConsoleFormats } from '../../i18n/formats.ts'

const en = {
  title: 'Plans',
  description: 'What each plan allows. What you pay and get is decided on the server.',
  current: 'Your plan',
  suggested: 'Does what you tried',
  free: 'Free',
  aMonth: 'a month',
  credits: (count: number, f: ConsoleFormats) =>
    f.plural(count, { one: '# credit a month', other: '# credits a month' }),
  unlimited: 'Unlimited credits',
  welcome: (count: number, f: ConsoleFormats) =>
    f.plural(count, { one: '# to begin with', other: '# to begin with' }),
  limits: (perHour: number | null, perDay: number | null, f: ConsoleFormats) => {
    const parts = [
      ...(perHour === null ? [] : [`${f.whole(perHour)} an hour`]),
      ...(perDay === null ? [] : [`${f.whole(perDay)} a day`]),
    ]
    return parts.length === 0 ? 'No rate limit' : `At most ${parts.join(', ')}`
  },
  from: (credits: number, f: ConsoleFormats) => `~${f.credits(credits)}`,
  estimateHint:
    'Figures beside a quality level are typical credits a call; each is charged at what it really used.',
  notIncluded: 'Not included',
  pending: (plan: string, date: string) => `Changes to ${plan} on ${date}.`,
  choose: (plan: string) => `Change to ${plan}`,
  notYet: 'Payments are not set up here yet: ask the operator of this product to change your plan.',
  topups: 'Top up',
  topupsHint: 'Bought credits stay until they are used. Monthly credits are used first.',
  topup: 'Top up credits',
  packageCredits: (count: number, f: ConsoleFormats) =>
    f.plural(count, { one: '# credit', other: '# credits' }),
  askAdmin: 'Admins and owners can buy credits.',
}

const de: typeof en = {
  title: 'Tarife',
  description: 'Was jeder Tarif erlaubt. Was Sie zahlen und bekommen, entscheidet der Server.',
  current: 'Ihr Tarif',
  suggested: 'Kann, was Sie versucht haben',
  free: 'Kostenlos',
  aMonth: 'im Monat',
  credits: (count, f) => f.plural(count, { one: '# Credit im Monat', other: '# Credits im Monat' }),
  unlimited: 'Unbegrenzte Credits',
  welcome: (count, f) => f.plural(count, { one: '# zum Anfang', other: '# zum Anfang' }),
  limits: (perHour, perDay, f) => {
    const parts = [
      ...(perHour === null ? [] : [`${f.whole(perHour)} je Stunde`]),
      ...(perDay === null ? [] : [`${f.whole(perDay)} am Tag`]),
    ]
    return parts.length === 0 ? 'Ohne Ratenlimit' : `Höchstens ${parts.join(', ')}`
  },
  from: (credits, f) => `~${f.credits(credits)}`,
  estimateHint:
    'Die Zahl neben einer Qualitätsstufe sind übliche Credits je Aufruf; abgerechnet wird, was er wirklich verbraucht.',
  notIncluded: 'Nicht enthalten',
  pending: (plan, date) => `Wechselt am ${date} zu ${plan}.`,
  choose: (plan) => `Zu ${plan} wechseln`,
  notYet:
    'Hier sind noch keine Zahlungen eingerichtet: Bitten Sie den Betreiber dieses Produkts, Ihren Tarif zu ändern.',
  topups: 'Aufladen',
  topupsHint:
    'Gekaufte Credits bleiben, bis sie verbraucht sind. Monatliche Credits werden zuerst verbraucht.',
  topup: 'Credits aufladen',
  packageCredits: (count, f) => f.plural(count, { one: '# Credit', other: '# Credits' }),
  askAdmin: 'Credits kaufen kann die Verwaltung der Organisation.',
}

export const plansMessages = { en, de }
