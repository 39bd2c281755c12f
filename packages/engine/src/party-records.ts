import type { Pool } from 'pg'
import { type Credits, credits } from './credits.ts'
import { queryRow, queryRows } from './database.ts'
import { requireOrganization } from './transactions.ts'
import { requireText } from './validate.ts'

/** A person as calls name them, as actor or as subject. */
export interface PartyKey {
  /** null: every organization that has stored something of them. */
  organizationId: string | null
  /** Such as `member`, `customer`, or what the host's subjects are. */
  type: string
  /** The host's id. */
  id: string
}

/** What an erasure removed in one organization. */
export interface PartyErasure {
  organizationId: string
  /** Versions of names and addresses. */
  versions: number
  /** Answers that were kept for replays. */
  replies: number
  /** Events of the host's whose payload named them. */
  events: number
}

export interface PartyVersion {
  name: string | null
  email: string | null
  createdAt: Date
  erasedAt: Date | null
}

/** A ledger row of a person's call. Amounts in hundredths of credits. */
export interface PartyTransaction {
  sequence: number
  type: string
  role: 'actor' | 'subject'
  amount: Credits
  /** Charge borne by an unlimited plan. */
  covered: Credits
  capability: string | null
  quality: string | null
  model: string | null
  formId: string | null
  reservationId: string | null
  reason: string | null
  createdAt: Date
}

/** All that one organization's tables say of a person. */
export interface PartyExport {
  organizationId: string
  versions: PartyVersion[]
  /** Oldest first. */
  transactions: PartyTransaction[]
  /** Calls of the last 90 days. */
  reservations: { id: string; status: string; role: 'actor' | 'subject'; createdAt: Date }[]
  /** Of customers' limits, in the last 24 hours. */
  uses: { limitKey: string; reservationId: string; usedAt: Date }[]
  /** Answers as they are kept for replays, 48 hours. */
  replies: { reservationId: string; reply: unknown; createdAt: Date }[]
}

/** Erases organization by organization, each in a transaction of its own; broken off, it can be given again. */
export async function eraseParty(pool: Pool, party: PartyKey): Promise<PartyErasure[]> {
  const erased: PartyErasure[] = []
  for (const organizationId of await organizationsOf(pool, party)) {
    const counts = await queryRow<Omit<PartyErasure, 'organizationId'>>(
      pool,
      'select * from stipend.erase_party($1::text, $2::text, $3::text)',
      [organizationId, party.type, party.id],
    )
    erased.push({ organizationId, ...counts })
  }
  return erased
}

export async function exportParty(pool: Pool, party: PartyKey): Promise<PartyExport[]> {
  const exports: PartyExport[] = []
  for (const organizationId of await organizationsOf(pool, party)) {
    if (party.organizationId !== null) await requireOrganization(pool, organizationId)
    const { found } = await queryRow<{ found: Exported }>(
      pool,
      'select stipend.export_party($1::text, $2::text, $3::text) as found',
      [organizationId, party.type, party.id],
    )
    exports.push(exportOf(found))
  }
  return exports
}

async function organizationsOf(pool: Pool, { organizationId, type, id }: PartyKey): Promise<string[]> {
  requireText('type', type, 100)
  requireText('id', id)
  if (organizationId !== null) return [requireText('organizationId', organizationId)]
  const rows = await queryRows<{ organization_id: string }>(
    pool,
    'select organization_id from stipend.party_organizations($1::text, $2::text)',
    [type, id],
  )
  return rows.map(({ organization_id }) => organization_id)
}

/** {@link PartyExport} as JSON has it: times are texts, amounts decimals. */
interface Exported {
  organizationId: string
  versions: { name: string | null; email: string | null; createdAt: string; erasedAt: string | null }[]
  transactions: (Omit<PartyTransaction, 'amount' | 'covered' | 'createdAt'> & {
    amount: number
    covered: number
    createdAt: string
  })[]
  reservations: (Omit<PartyExport['reservations'][number], 'createdAt'> & { createdAt: string })[]
  uses: (Omit<PartyExport['uses'][number], 'usedAt'> & { usedAt: string })[]
  replies: (Omit<PartyExport['replies'][number], 'createdAt'> & { createdAt: string })[]
}

function exportOf(found: Exported): PartyExport {
  return {
    organizationId: found.organizationId,
    versions: found.versions.map(({ createdAt, erasedAt, ...version }) => ({
      ...version,
      createdAt: new Date(createdAt),
      erasedAt: erasedAt === null ? null : new Date(erasedAt),
    })),
    transactions: found.transactions.map(({ amount, covered, createdAt, ...row }) => ({
      ...row,
      amount: credits(String(amount)),
      covered: credits(String(covered)),
      createdAt: new Date(createdAt),
    })),
    reservations: found.reservations.map(({ createdAt, ...call }) => ({
      ...call,
      createdAt: new Date(createdAt),
    })),
    uses: found.uses.map(({ usedAt, ...use }) => ({ ...use, usedAt: new Date(usedAt) })),
    replies: found.replies.map(({ createdAt, ...kept }) => ({ ...kept, createdAt: new Date(createdAt) })),
  }
}
