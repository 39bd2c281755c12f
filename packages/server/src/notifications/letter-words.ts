/** What a letter is made of. Amounts are written already. */
interface LetterFacts {
  organization: string
  balance: string
  threshold: string
  credits: string
  amount: string
  declines: string
  /** Of a webhook endpoint. */
  host: string
  isGone: boolean
}

/** The letters in one language. */
export interface LetterWords {
  credits(amount: number): string
  creditsOfCalls(amount: number, calls: number): string
  number(value: number): string
  money(cents: number, currency: string): string
  day(date: Date): string
  span(from: string, to: string): string
  letters: Readonly<Record<string, (facts: LetterFacts) => { subject: string; text: string }>>
  other(organization: string): { subject: string; text: string }
  pay: string
  why(organization: string): string
  settings: string
  digestSubject(organization: string, span: string): string
  digestTotal(organization: string, used: string, span: string): string
  byCapability: string
  byPerson: string
  nobody: string
  customers: string
}

function formatsOf(locale: string) {
  return {
    number: (value: number) => new Intl.NumberFormat(locale, { maximumFractionDigits: 2 }).format(value),
    money: (cents: number, currency: string) =>
      /^[a-z]{3}$/i.test(currency)
        ? new Intl.NumberFormat(locale, { style: 'currency', currency }).format(cents / 100)
        : `${cents / 100} ${currency}`,
    day: (date: Date) =>
      new Intl.DateTimeFormat(locale, {
        day: 'numeric',
        month: 'long',
        year: 'numeric',
        timeZone: 'UTC',
      }).format(date),
  }
}

const inEnglish = formatsOf('en-US')
const inGerman = formatsOf('de-DE')
const englishCredits = (amount: number) =>
  `${inEnglish.number(amount)} ${amount === 1 ? 'credit' : 'credits'}`
const germanCredits = (amount: number) => `${inGerman.number(amount)} ${amount === 1 ? 'Credit' : 'Credits'}`

export const english: LetterWords = {
  ...inEnglish,
  credits: englishCredits,
  creditsOfCalls: (amount, calls) =>
    `${englishCredits(amount)}, ${inEnglish.number(calls)} ${calls === 1 ? 'call' : 'calls'}`,
  span: (from, to) => `${from} to ${to}`,
  letters: {
    'credits.low_balance': ({ organization, balance, threshold }) => ({
      subject: `${organization} is running low on credits`,
      text: `${organization} has ${balance} left, less than the ${threshold} that you want to be told at.`,
    }),
    'credits.depleted': ({ organization }) => ({
      subject: `${organization} has no credits left`,
      text: `${organization} has used its last credits. AI features pause until credits are added or the next period begins.`,
    }),
    'payment.failed': ({ organization, amount }) => ({
      subject: `A payment of ${organization} failed`,
      text: `A payment of ${amount} for ${organization} did not go through.`,
    }),
    'subscription.past_due': ({ organization }) => ({
      subject: `The subscription of ${organization} is past due`,
      text: `The subscription of ${organization} was not paid in time, so its monthly credits have lapsed. Bonus credits still pay for calls. Once the invoice is paid, everything is as before.`,
    }),
    'auto_topup.stopped': ({ organization, declines }) => ({
      subject: `Automatic top-ups of ${organization} have stopped`,
      text: `The card was declined ${declines} times in a row, so ${organization} buys no more credits by itself. Change the card and switch automatic top-ups on again.`,
    }),
    'topup.clawed_back': ({ organization, credits }) => ({
      subject: `Credits of ${organization} were taken back`,
      text: `A payment was refunded or disputed, so ${credits} that ${organization} had bought with it were taken back.`,
    }),
    'webhook_endpoint.disabled': ({ organization, host, isGone }) => ({
      subject: `A webhook endpoint of ${organization} was disabled`,
      text: isGone
        ? `The endpoint at ${host} answered that it is gone (410), so it gets no more events.`
        : `Every delivery to the endpoint at ${host} failed for five days, so it gets no more events. Mend it, send it a test, and switch it on again.`,
    }),
  },
  other: (organization) => ({
    subject: `News of ${organization}`,
    text: 'Something has happened that you should look at.',
  }),
  pay: 'Pay it here:',
  why: (organization) => `You get this mail because you belong to ${organization}.`,
  settings: 'What you are told of is set here:',
  digestSubject: (organization, span) => `Usage of ${organization}, ${span}`,
  digestTotal: (organization, used, span) => `${organization} used ${used}, from ${span}.`,
  byCapability: 'By capability',
  byPerson: 'By person',
  nobody: 'nobody named',
  customers: 'customers',
}

export const german: LetterWords = {
  ...inGerman,
  credits: germanCredits,
  creditsOfCalls: (amount, calls) =>
    `${germanCredits(amount)}, ${inGerman.number(calls)} ${calls === 1 ? 'Aufruf' : 'Aufrufe'}`,
  span: (from, to) => `${from} bis ${to}`,
  letters: {
    'credits.low_balance': ({ organization, balance, threshold }) => ({
      subject: `Die Credits von ${organization} gehen zur Neige`,
      text: `${organization} hat noch ${balance}, weniger als die ${threshold}, ab denen Sie Bescheid wissen wollen.`,
    }),
    'credits.depleted': ({ organization }) => ({
      subject: `${organization} hat keine Credits mehr`,
      text: `${organization} hat die letzten Credits verbraucht. KI-Funktionen pausieren, bis Credits dazukommen oder der nächste Zeitraum beginnt.`,
    }),
    'payment.failed': ({ organization, amount }) => ({
      subject: `Eine Zahlung von ${organization} ist fehlgeschlagen`,
      text: `Eine Zahlung über ${amount} für ${organization} ist nicht durchgegangen.`,
    }),
    'subscription.past_due': ({ organization }) => ({
      subject: `Das Abonnement von ${organization} ist überfällig`,
      text: `Das Abonnement von ${organization} wurde nicht rechtzeitig bezahlt, deshalb sind die monatlichen Credits verfallen. Bonus-Credits gelten weiter. Ist die Rechnung bezahlt, ist alles wie zuvor.`,
    }),
    'auto_topup.stopped': ({ organization, declines }) => ({
      subject: `Das automatische Aufladen von ${organization} hat aufgehört`,
      text: `Die Karte wurde ${declines} Mal in Folge abgelehnt, deshalb kauft ${organization} keine Credits mehr von selbst. Hinterlegen Sie eine andere Karte und schalten Sie das automatische Aufladen wieder ein.`,
    }),
    'topup.clawed_back': ({ organization, credits }) => ({
      subject: `Credits von ${organization} wurden zurückgenommen`,
      text: `Eine Zahlung wurde erstattet oder angefochten, deshalb wurden ${credits} zurückgenommen, die ${organization} damit gekauft hatte.`,
    }),
    'webhook_endpoint.disabled': ({ organization, host, isGone }) => ({
      subject: `Ein Webhook-Endpunkt von ${organization} wurde abgeschaltet`,
      text: isGone
        ? `Der Endpunkt bei ${host} hat geantwortet, dass es ihn nicht mehr gibt (410). Er bekommt keine Ereignisse mehr.`
        : `Fünf Tage lang ist jede Zustellung an den Endpunkt bei ${host} fehlgeschlagen. Er bekommt keine Ereignisse mehr. Beheben Sie die Ursache, schicken Sie ihm einen Test und schalten Sie ihn wieder ein.`,
    }),
  },
  other: (organization) => ({
    subject: `Neues von ${organization}`,
    text: 'Es ist etwas geschehen, das Sie sich ansehen sollten.',
  }),
  pay: 'Hier können Sie sie nachholen:',
  why: (organization) => `Sie bekommen diese Mail, weil Sie zu ${organization} gehören.`,
  settings: 'Worüber Sie informiert werden, stellen Sie hier ein:',
  digestSubject: (organization, span) => `Verbrauch von ${organization}, ${span}`,
  digestTotal: (organization, used, span) => `${organization} hat vom ${span} verbraucht: ${used}.`,
  byCapability: 'Nach Funktion',
  byPerson: 'Nach Person',
  nobody: 'ohne Namen',
  customers: 'Kunden',
}
