import type { ClientBase, Pool } from 'pg'
import { toStipendError } from './database-error.ts'
import { jsonText } from './json-text.ts'
import { requireText } from './validate.ts'

/** An event of the host's own, delivered with Stipend's. */
export interface EmitEventInput {
  organizationId: string
  /** `thing.what_happened`, such as `form.ai_unavailable`; not one of Stipend's own things. */
  type: string
  /** At most 8 KiB as JSON; must not hold prompts or answers. */
  payload: Readonly<Record<string, unknown>>
}

/**
 * Adds the event to the outbox; on the caller's client, in the caller's transaction, so that it is there if and only if
 * that commits. The organization's balance stays locked until then.
 */
export async function emitEvent(connection: Pool | ClientBase, input: EmitEventInput): Promise<void> {
  const { organizationId, type, payload } = input
  const values = [requireText('organizationId', organizationId), requireText('type', type), jsonText(payload)]
  try {
    await connection.query('select stipend.emit_host_event($1::text, $2::text, $3::jsonb)', values)
  } catch (error) {
    throw toStipendError(error)
  }
}
