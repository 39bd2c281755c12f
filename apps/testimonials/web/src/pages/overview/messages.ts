const en = {
  burnDown: 'Credits this period',
  runsOutEarly: (day: string, pace: string, renewal: string) =>
    `At ${pace} credits a day they run out on ${day}, before they renew on ${renewal}.`,
  lasts: (pace: string, left: string, renewal: string) =>
    `At ${pace} credits a day about ${left} are left when they renew on ${renewal}.`,
  unlimitedPace: (pace: string, use: string, end: string) =>
    `At ${pace} credits a day about ${use} more are used until ${end}. Your plan is unlimited.`,
  noForecast: 'There is too little use for a forecast yet.',
  firstTitle: 'Get your first AI result',
  firstText:
    'Say what your product is, and you get the questions that bring out a good testimonial. It takes seconds.',
  firstPrice: (price: string) => `Costs about ${price} credits.`,
  firstAction: 'Suggest questions',
  byDay: 'Usage by day',
  thisPeriod: 'This period',
  details: 'All activity',
  byCapability: 'By capability',
  byModel: 'By model',
  byActor: 'By person and key',
  nothingYet: 'Nothing was used in this period yet',
  nothingYetHint: 'Each AI answer appears here on its day.',
  recent: 'Recent activity',
  allHistory: 'All history',
  recentEmpty: 'Nothing was booked yet',
  recentEmptyHint: 'Credits and charges appear here as they are booked.',
  next: 'What to do next',
  nothingToDo: 'All is in order',
  nothingToDoHint: 'Low credits, full budgets and open invitations would be listed here.',
  nothingToDoForMembers: 'Low credits and interrupted forms would be listed here.',
  notAllKnown: 'Not all could be checked',
  notAllKnownHint: 'Something did not answer. Load the page again in a moment.',
  steps: {
    empty: 'No credits are left',
    low: (left: string) => `Only ${left} credits are left`,
    runsOutEarly: (day: string) => `Credits may run out on ${day}, before they renew`,
    comparePlans: 'Compare plans',
    budget: (name: string, share: string) => `The budget “${name}” is used to ${share}`,
    seeLimits: 'See limits',
    interrupted: (form: string, when: string) => `Customers could not get AI help on “${form}” (${when})`,
    openForm: 'Open the form',
    invitations: (count: number) =>
      count === 1 ? 'One invitation is not accepted yet' : `${count} invitations are not accepted yet`,
    seeMembers: 'See members',
    noForms: 'There is no form yet to collect testimonials with',
    newForm: 'Create a form',
  },
}

const de: typeof en = {
  burnDown: 'Credits in diesem Zeitraum',
  runsOutEarly: (day, pace, renewal) =>
    `Bei ${pace} am Tag sind sie am ${day} verbraucht, vor der Erneuerung (${renewal}).`,
  lasts: (pace, left, renewal) =>
    `Bei ${pace} Credits am Tag sind bei der Erneuerung am ${renewal} noch etwa ${left} übrig.`,
  unlimitedPace: (pace, use, end) =>
    `Bei ${pace} Credits am Tag werden bis ${end} etwa ${use} weitere verbraucht. Ihr Tarif ist unbegrenzt.`,
  noForecast: 'Für eine Vorhersage gibt es noch zu wenig Verbrauch.',
  firstTitle: 'Ihr erstes KI-Ergebnis',
  firstText:
    'Beschreiben Sie Ihr Produkt, und Sie erhalten die Fragen, die eine gute Empfehlung hervorbringen. Es dauert Sekunden.',
  firstPrice: (price) => `Kostet etwa ${price} Credits.`,
  firstAction: 'Fragen vorschlagen',
  byDay: 'Verbrauch je Tag',
  thisPeriod: 'Dieser Zeitraum',
  details: 'Gesamte Aktivität',
  byCapability: 'Nach Funktion',
  byModel: 'Nach Modell',
  byActor: 'Nach Person und Schlüssel',
  nothingYet: 'In diesem Zeitraum wurde noch nichts verbraucht',
  nothingYetHint: 'Jede KI-Antwort erscheint hier an ihrem Tag.',
  recent: 'Letzte Buchungen',
  allHistory: 'Alle Buchungen',
  recentEmpty: 'Es wurde noch nichts gebucht',
  recentEmptyHint: 'Gutschriften und Belastungen erscheinen hier, sobald sie gebucht sind.',
  next: 'Nächste Schritte',
  nothingToDo: 'Alles in Ordnung',
  nothingToDoHint: 'Knappe Credits, volle Budgets und offene Einladungen stünden hier.',
  nothingToDoForMembers: 'Knappe Credits und unterbrochene Formulare stünden hier.',
  notAllKnown: 'Nicht alles konnte geprüft werden',
  notAllKnownHint: 'Etwas hat nicht geantwortet. Laden Sie die Seite gleich noch einmal.',
  steps: {
    empty: 'Es sind keine Credits übrig',
    low: (left) => `Es sind nur noch ${left} Credits übrig`,
    runsOutEarly: (day) => `Die Credits könnten am ${day} verbraucht sein, vor der Erneuerung`,
    comparePlans: 'Tarife vergleichen',
    budget: (name, share) => `Das Budget „${name}“ ist zu ${share} verbraucht`,
    seeLimits: 'Grenzen ansehen',
    interrupted: (form, when) => `Bei „${form}“ bekamen Kunden keine KI-Hilfe (${when})`,
    openForm: 'Formular öffnen',
    invitations: (count) =>
      count === 1
        ? 'Eine Einladung ist noch nicht angenommen'
        : `${count} Einladungen sind noch nicht angenommen`,
    seeMembers: 'Mitglieder ansehen',
    noForms: 'Es gibt noch kein Formular, um Empfehlungen zu sammeln',
    newForm: 'Formular anlegen',
  },
}

export const overviewMessages = { en, de }
