import { type Engine, type StipendError, withOrganization } from '@stipend/engine'
import type { Pool } from 'pg'
import type { Form } from './form.ts'
import { query } from './query.ts'

/**
 * Tells the organization that a customer could not have AI help, by the event `form.ai_unavailable`: at most once a
 * form and hour. The form shows the last one.
 */
export async function tellInterruption(
  pool: Pool,
  engine: Pick<Engine, 'emitEvent'>,
  { organizationId, id, name }: Form,
  { code, status }: StipendError,
): Promise<void> {
  await withOrganization(pool, organizationId, async (client) => {
    const told = await query(
      client,
      `insert into testimonials.ai_interruptions as i (organization_id, form_id, reason, told_at)
       values ($1::text, $2::uuid, $3::text, clock_timestamp())
       on conflict (organization_id, form_id) do update set reason = excluded.reason, told_at = excluded.told_at
       where i.told_at <= clock_timestamp() - interval '1 hour'
       returning i.form_id`,
      [organizationId, id, code],
    )
    if (told.length === 0) return
    const payload = { formId: id, formName: name, reason: code, status }
    await engine.emitEvent({ organizationId, type: 'form.ai_unavailable', payload }, client)
  })
}
