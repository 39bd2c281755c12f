import type { Pool } from 'pg'
import type { CapabilityOffer } from './catalog-store.ts'
import { listCapabilities } from './catalog-store.ts'
import { errorOf, isErrorCode, type StipendError } from './errors.ts'
import { readAsOrganization } from './reading.ts'
import { optionalText, requireText } from './validate.ts'

export interface CapabilityAccessInput {
  organizationId: string
  capability: string
  quality?: string | undefined
  model?: string | undefined
}

/** Whether a plan allows a capability, quality level and model; limits and credits are not looked at. */
export interface CapabilityAccess {
  isAllowed: boolean
  /** What the plan offers of the capability; null where it does not include it. */
  offer: CapabilityOffer | null
  refusal: StipendError | null
}

export async function checkCapabilityAccess(
  pool: Pool,
  input: CapabilityAccessInput,
): Promise<CapabilityAccess> {
  const [row] = await readAsOrganization<{ code: string; detail: Record<string, unknown> }>(
    pool,
    input.organizationId,
    'select * from stipend.access_refusal($1::text, $2::text, $3::text, $4::text)',
    [
      input.organizationId,
      requireText('capability', input.capability, 100),
      optionalText('quality', input.quality, 100),
      optionalText('model', input.model),
    ],
  )
  const offers = await listCapabilities(pool, input.organizationId)
  return {
    isAllowed: row === undefined,
    offer: offers.find(({ capability }) => capability === input.capability) ?? null,
    refusal: row === undefined ? null : errorOf(isErrorCode(row.code) ? row.code : 'internal', row.detail),
  }
}
