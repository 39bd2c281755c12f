import type { Fault } from './fault.ts'
import { ofCredits } from './of-credits.ts'
import { ofDatabase } from './of-database.ts'
import { ofProcesses } from './of-processes.ts'
import { ofStripe } from './of-stripe.ts'

/** What has to be survived. */
export const faults: readonly Fault[] = [...ofProcesses, ...ofCredits, ...ofStripe, ...ofDatabase]
