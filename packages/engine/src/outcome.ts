/** One row of stipend.outcome as pg delivers it: texts in the order of the type's columns. */
export type OutcomeRow = readonly (string | null)[]

/** What one request of a batch came to. Amounts in hundredths of credits. */
export interface Outcome {
  code: string | null
  detail: Record<string, unknown>
  reservationId: string | null
  status: string | null
  isReplay: boolean
  estimated: number
  maximum: number
  charged: number
  uncharged: number
  monthly: number
  bonus: number
  debt: number
  covered: number
  sequence: number | null
  balance: number
  spendable: number | null
  expiresAtMs: number
  /** What the plan offers for the request; null where it offers nothing. */
  offerId: string | null
}

/** Hundredths from PostgreSQL's decimal, which has two places or none. */
function hundredths(text: string | null | undefined): number {
  if (text === null || text === undefined) return 0
  const dot = text.length - 3
  return text.charCodeAt(dot) === 46 ? Number(text.slice(0, dot) + text.slice(dot + 1)) : Number(text) * 100
}

/** Position of the request in the batch, from 0. */
export function requestIndex(row: OutcomeRow): number {
  return Number(row[0]) - 1
}

export function parseOutcome(row: OutcomeRow): Outcome {
  const detail = row[2]
  return {
    code: row[1] ?? null,
    detail: detail === null || detail === undefined ? {} : JSON.parse(detail),
    reservationId: row[3] ?? null,
    status: row[4] ?? null,
    isReplay: row[5] === 't',
    estimated: hundredths(row[6]),
    maximum: hundredths(row[7]),
    charged: hundredths(row[8]),
    uncharged: hundredths(row[9]),
    monthly: hundredths(row[10]),
    bonus: hundredths(row[11]),
    debt: hundredths(row[12]),
    covered: hundredths(row[13]),
    sequence: row[14] === null ? null : Number(row[14]),
    balance: hundredths(row[15]),
    spendable: row[16] === null ? null : hundredths(row[16]),
    expiresAtMs: Number(row[17]),
    offerId: row[18] ?? null,
  }
}
