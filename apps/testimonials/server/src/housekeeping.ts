import type { Logger } from '@stipend/server'
import type { Pool } from 'pg'
import { deleteOldDrafts } from './forms/testimonial.ts'
import { deleteOldGenerations } from './generations/generation.ts'
import { deleteExpiredSignIns } from './identity/expired.ts'

const dayMs = 24 * 60 * 60 * 1000

/** Deletes what has expired, at once and each day. Several servers may do it: what is gone is gone. */
export function startHousekeeping(
  { server, signIn }: { server: Pool; signIn: Pool },
  logger: Logger,
): { stop(): Promise<void> } {
  let running = Promise.resolve()
  const run = () => {
    running = Promise.all([
      deleteExpiredSignIns(signIn),
      deleteOldDrafts(server),
      cleanHistories(server, signIn),
    ])
      .then(() => undefined)
      .catch(() => logger.error({ code: 'database_unavailable' }, 'what has expired was not deleted'))
  }
  run()
  const timer = setInterval(run, dayMs)
  return {
    stop: async () => {
      clearInterval(timer)
      await running
    },
  }
}

/** Of each organization that people can sign in to. */
async function cleanHistories(server: Pool, signIn: Pool): Promise<void> {
  const { rows } = await signIn.query<{ id: string }>('select id from auth.organizations order by id')
  for (const { id } of rows) await deleteOldGenerations(server, id)
}
