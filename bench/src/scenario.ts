import type { Pgbench } from './pgbench.ts'
import type { BenchServer } from './server.ts'

/** How long and how often a run measures. */
export interface Effort {
  readonly rounds: number
  readonly seconds: number
  readonly warmUpSeconds: number
  readonly organizations: number
  readonly ledgerRows: number
  /** Calls of each kind in a measurement of latency. */
  readonly calls: number
  /** Of the simulated year. */
  readonly days: number
}

export interface BenchContext {
  readonly server: BenchServer
  readonly pgbench: Pgbench
  readonly effort: Effort
  readonly log: (line: string) => void
}

/** A measured value beside what it should be. */
export interface Figure {
  readonly name: string
  readonly value: number
  readonly unit: string
  readonly target: string | null
  readonly ambition: string | null
  readonly isMet: boolean | null
  readonly isAmbitionMet: boolean | null
}

export interface ScenarioResult {
  readonly figures: readonly Figure[]
  /** What was measured in each round. */
  readonly rounds: Readonly<Record<string, readonly unknown[]>>
}

export interface Scenario {
  readonly name: string
  readonly title: string
  run(context: BenchContext): Promise<ScenarioResult>
}

/** A value for the record, without a target. */
export function plainFigure(name: string, value: number, unit: string): Figure {
  return { name, value, unit, target: null, ambition: null, isMet: null, isAmbitionMet: null }
}

/** A value that should reach `target`, or stay at or under it. */
export function figure(
  name: string,
  value: number,
  unit: string,
  goal: { at: 'least' | 'most'; target: number; ambition?: number },
): Figure {
  const reaches = (wanted: number) => (goal.at === 'least' ? value >= wanted : value <= wanted)
  const sign = goal.at === 'least' ? '≥' : '≤'
  return {
    name,
    value,
    unit,
    target: `${sign} ${goal.target}`,
    ambition: goal.ambition === undefined ? null : `${sign} ${goal.ambition}`,
    isMet: reaches(goal.target),
    isAmbitionMet: goal.ambition === undefined ? null : reaches(goal.ambition),
  }
}
