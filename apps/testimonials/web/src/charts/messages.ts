const en = {
  day: 'Day',
  total: 'Total',
  other: 'Other',
  left: 'Left',
  used: 'Used so far',
  forecast: 'At the recent pace',
  usageByDay: 'Credits used by day',
  burnDown: 'Credits left in this period, by day',
  cumulative: 'Credits used in this period, by day',
  calls: (count: number) => (count === 1 ? '1 call' : `${count} calls`),
  showInHistory: 'show in the history',
}

const de: typeof en = {
  day: 'Tag',
  total: 'Gesamt',
  other: 'Übrige',
  left: 'Übrig',
  used: 'Bisher verbraucht',
  forecast: 'Beim Verbrauch der letzten Zeit',
  usageByDay: 'Verbrauchte Credits je Tag',
  burnDown: 'In diesem Zeitraum übrige Credits je Tag',
  cumulative: 'In diesem Zeitraum verbrauchte Credits je Tag',
  calls: (count) => (count === 1 ? '1 Aufruf' : `${count} Aufrufe`),
  showInHistory: 'in den Buchungen zeigen',
}

export const chartMessages = { en, de }
