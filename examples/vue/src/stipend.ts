import { createStipendClient } from '@stipend/client'
import type { RunContext } from '@stipend/vue'

/** Same origin, so the session's cookie goes along. */
export const client = createStipendClient({ baseUrl: '/api/stipend' })

/** The host's own AI route. */
export function postReply({ quality, idempotencyKey, signal }: RunContext<unknown>): Promise<Response> {
  return fetch('/api/replies', {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'text/event-stream',
      'idempotency-key': idempotencyKey,
    },
    body: JSON.stringify({ text: 'The kettle leaks.', quality }),
    signal,
  })
}
