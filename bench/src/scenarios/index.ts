import type { Scenario } from '../scenario.ts'
import { alone } from './alone.ts'
import { estimates } from './estimates.ts'
import { growth } from './growth.ts'
import { hot } from './hot.ts'
import { locked } from './locked.ts'
import { many } from './many.ts'
import { metering } from './metering.ts'
import { processes } from './processes.ts'
import { roundTrips } from './round-trips.ts'
import { webhooks } from './webhooks.ts'

/** In the order in which a whole run takes them. */
export const scenarios: readonly Scenario[] = [
  hot,
  many,
  alone,
  processes,
  locked,
  growth,
  roundTrips,
  metering,
  estimates,
  webhooks,
]
