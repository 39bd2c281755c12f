import { currentRequestId } from '@stipend/engine'
import type { Logger } from './context.ts'

/** A logger whose lines name the request, or the run of a job, that they were written for, where there is one. */
export function withRequestIds(logger: Logger): Logger {
  const named = (fields: object) => {
    const requestId = currentRequestId()
    return requestId === null ? fields : { requestId, ...fields }
  }
  return {
    info: (fields, message) => logger.info(named(fields), message),
    error: (fields, message) => logger.error(named(fields), message),
  }
}
