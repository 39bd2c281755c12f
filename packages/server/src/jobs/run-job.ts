import { type ErrorCode, toStipendError } from '@stipend/engine'
import type { Batch, Job, JobContext } from './jobs.ts'

/** One run of a job. */
export interface JobRun {
  job: string
  /** Of this run; lines that were written during it have it in their `requestId`, as `job-ID`. */
  jobId: string
  /** How many holds, organizations, rows or events, by the job. */
  count: number
  ms: number
  /** False: the bound was reached and more is due. */
  isDone: boolean
  /** Why it failed, if it did; what is due stays due. */
  code: ErrorCode | null
}

/** Batch after batch until nothing is due, the time is up, or the worker stops. Never throws. */
export async function runJob(
  job: Job,
  context: JobContext,
  runForMs: number,
): Promise<Omit<JobRun, 'jobId'> & Pick<Batch, 'nextAt'>> {
  const startedAt = performance.now()
  const elapsed = () => Math.round(performance.now() - startedAt)
  let count = 0
  try {
    for (;;) {
      const batch = await job.runBatch(context)
      count += batch.count
      if (batch.isDone) {
        const { nextAt = null } = batch
        return { job: job.name, count, ms: elapsed(), isDone: true, code: null, nextAt }
      }
      if (context.signal.aborted || performance.now() - startedAt >= runForMs)
        return { job: job.name, count, ms: elapsed(), isDone: false, code: null }
    }
  } catch (error) {
    return { job: job.name, count, ms: elapsed(), isDone: false, code: toStipendError(error).code }
  }
}
