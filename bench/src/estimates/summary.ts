import { type Figure, plainFigure } from '../scenario.ts'
import { percentile } from '../statistics.ts'
import type { Lived } from './year.ts'

/** What a year of estimates came to. Shares from 0 to 1. */
export interface Summary {
  readonly calls: number
  readonly admitted: number
  /** Of the admitted: cost above what was held. */
  readonly exceedsHold: number
  /** (hold − charge) ÷ hold of each admitted call. */
  readonly heldUnused: { readonly mean: number; readonly p95: number }
  /** Credits held for each credit charged. */
  readonly heldPerCharged: number
  /** Of all calls. */
  readonly refusedForCredits: number
  readonly refusedThoughFitting: number
  readonly rateLimited: number
  /** Of the admitted: shortened to less than the capability's output cap. */
  readonly shortened: number
  /** Of all credits of cost: above the most that their calls could be charged. */
  readonly uncharged: number
}

export function summarize(lived: readonly Lived[]): Summary {
  const admitted = lived.map((one) => one.admitted).filter((one) => one !== null)
  const refusals = lived.map(({ refusal }) => refusal).filter((refusal) => refusal !== null)
  const unused = admitted.map(({ held, charged }) => (held - charged) / held)
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0)
  const charged = sum(admitted.map((one) => one.charged))
  const uncharged = sum(admitted.map((one) => one.uncharged))
  const share = (part: readonly unknown[], of: readonly unknown[]) => part.length / Math.max(1, of.length)
  const forCredits = refusals.filter(({ wouldHaveFitted }) => wouldHaveFitted !== null)
  return {
    calls: lived.length,
    admitted: admitted.length,
    exceedsHold: share(
      admitted.filter((one) => one.charged + one.uncharged > one.held),
      admitted,
    ),
    heldUnused: {
      mean: sum(unused) / Math.max(1, unused.length),
      p95: unused.length === 0 ? 0 : percentile(unused, 0.95),
    },
    heldPerCharged: sum(admitted.map(({ held }) => held)) / charged,
    refusedForCredits: share(forCredits, lived),
    refusedThoughFitting: share(
      forCredits.filter(({ wouldHaveFitted }) => wouldHaveFitted === true),
      lived,
    ),
    rateLimited: share(
      refusals.filter(({ code }) => code === 'rate_limited'),
      lived,
    ),
    shortened: share(
      admitted.filter(({ isShortened }) => isShortened),
      admitted,
    ),
    uncharged: uncharged / Math.max(1, charged + uncharged),
  }
}

export function figuresOf(name: string, summary: Summary): Figure[] {
  const percent = (what: string, share: number) => plainFigure(`${name}: ${what}`, share * 100, '%')
  return [
    plainFigure(`${name}: calls`, summary.calls, ''),
    percent('cost above the hold', summary.exceedsHold),
    percent('held and not used, mean', summary.heldUnused.mean),
    percent('held and not used, 95th percentile', summary.heldUnused.p95),
    plainFigure(`${name}: credits held for each charged`, summary.heldPerCharged, ''),
    percent('refused for credits', summary.refusedForCredits),
    percent('refused although it would have fitted', summary.refusedThoughFitting),
    percent('answers shortened below the output cap', summary.shortened),
    percent('cost above the quoted maximum', summary.uncharged),
  ]
}
