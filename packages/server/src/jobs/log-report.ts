import type { Logger } from '../context.ts'
import type { WorkerReport } from './worker.ts'

/** Writes what a worker tells to the log: failures, and runs that did something. */
export function logReport(logger: Logger, report: WorkerReport): void {
  switch (report.type) {
    case 'run': {
      const { job, jobId, count, ms, isDone, code } = report
      if (code !== null) logger.error({ job, jobId, code, ms }, 'job failed')
      else if (count > 0) logger.info({ job, jobId, count, ms, isDone }, 'job')
      return
    }
    case 'event_failed': {
      const { jobId, organizationId, event, id, error } = report
      logger.error({ jobId, organizationId, event, id, error }, 'event not taken')
      return
    }
    case 'checkpoint': {
      const { number, hash, organizations } = report
      logger.info({ checkpoint: `${number}:${hash}`, organizations }, 'checkpoint signed')
      return
    }
    case 'ledger_problem': {
      const { jobId, organizationId, problem, sequence } = report
      logger.error({ jobId, organizationId, problem, sequence }, 'the ledger contradicts itself')
      return
    }
    case 'database':
      if (report.isAvailable) logger.info({}, 'the database is back, the jobs go on')
      else logger.error({ code: 'database_unavailable' }, 'the database is away, the jobs wait')
      return
    default:
      logger.error({ problem: report.message }, 'worker')
  }
}
