import { isMetricsToken } from '@stipend/server'
import { StartError } from './start-error.ts'

/** Reads STIPEND_METRICS_TOKEN: with it `GET /metrics` is there, for whoever has it. @throws StartError */
export function metricsSettings(read: (name: string) => string | undefined): { token: string } | undefined {
  const token = read('STIPEND_METRICS_TOKEN')
  if (token === undefined) return undefined
  if (isMetricsToken(token)) return { token }
  throw new StartError(
    'STIPEND_METRICS_TOKEN needs 16 characters or more, without blanks: openssl rand -base64 24',
  )
}
