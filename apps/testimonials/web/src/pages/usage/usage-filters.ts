import type { LocationQuery, LocationQueryRaw } from 'vue-router'
import type { TransactionType } from '../../api/credits.ts'
import { dayMs, utcDay } from '../../charts/utc-days.ts'

export const ranges = ['period', '7d', '30d', '90d', 'custom'] as const
export type Range = (typeof ranges)[number]
export const splits = ['capability', 'model', 'actor'] as const
export type Split = (typeof splits)[number]

export const types = [
  'ai_consumption',
  'plan_allocation',
  'topup_purchase',
  'welcome_bonus',
  'promo_bonus',
  'referral_bonus',
  'refund',
  'admin_adjustment',
  'plan_change_adjustment',
  'credit_expiry',
  'topup_clawback',
  'clawback_reversal',
] as const satisfies readonly TransactionType[]

/** What the address of the usage pages says. Days are UTC, as the server counts them. */
export interface UsageAddress {
  range: Range
  /** First and last day, both counted; of a range of one's own. */
  from: string | null
  to: string | null
  capability: string | null
  model: string | null
  /** As `type:id`. */
  actor: string | null
  /** Of ledger rows; the history alone knows it. */
  type: TransactionType | null
  by: Split
}

const defaultRange: Range = '30d'

export function addressOf(query: LocationQuery): UsageAddress {
  const text = (name: string) => {
    const value = query[name]
    return typeof value === 'string' && value !== '' ? value : null
  }
  const [from, to] = [dayIn(text('from')), dayIn(text('to'))].sort((a, b) => (a ?? '').localeCompare(b ?? ''))
  const isCustom = from != null && to != null
  const range = ranges.find((known) => known === text('range') && known !== 'custom') ?? defaultRange
  return {
    range: isCustom ? 'custom' : range,
    from: isCustom ? from : null,
    to: isCustom ? to : null,
    capability: text('capability'),
    model: text('model'),
    actor: text('actor'),
    type: types.find((known) => known === text('type')) ?? null,
    by: splits.find((known) => known === text('by')) ?? 'capability',
  }
}

/** The shortest address that says the same. */
export function queryOf(address: Partial<UsageAddress>): LocationQueryRaw {
  const { range, from, to, capability, model, actor, type, by } = address
  const entries = {
    range: range === defaultRange || range === 'custom' ? null : range,
    from: range === 'custom' || range === undefined ? from : null,
    to: range === 'custom' || range === undefined ? to : null,
    capability,
    model,
    actor,
    type,
    by: by === 'capability' ? null : by,
  }
  return Object.fromEntries(Object.entries(entries).filter(([, value]) => value != null))
}

/** First and last UTC day; null: of the period, which only the balance knows. */
export function daysOf(address: UsageAddress, now: number): { first: string; last: string } | null {
  if (address.from !== null && address.to !== null) return { first: address.from, last: address.to }
  if (address.range === 'period') return null
  const count = address.range === '7d' ? 7 : address.range === '90d' ? 90 : 30
  return { first: utcDay(now - (count - 1) * dayMs), last: utcDay(now) }
}

/** A day of the calendar such as 2026-11-03. */
function dayIn(value: string | null): string | null {
  if (value === null || !/^\d{4}-\d\d-\d\d$/.test(value)) return null
  const time = Date.parse(`${value}T00:00:00Z`)
  return Number.isNaN(time) || utcDay(time) !== value ? null : value
}
