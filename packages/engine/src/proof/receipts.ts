import { createHash } from 'node:crypto'
import type { Pool } from 'pg'
import { errorOf, invalid } from '../errors.ts'
import { readAsOrganization } from '../reading.ts'
import { requireInteger, requireText } from '../validate.ts'
import { type CheckpointKey, readToken } from './checkpoint-key.ts'

const tokenType = 'stipend-receipt+jws'

/** A ledger row, as a receipt says it. Amounts are credits with two places, cost US dollars with nine, as text. */
export interface ReceiptTransaction {
  organizationId: string
  sequence: number
  type: string
  amount: string
  coveredAmount: string
  balanceAfter: string
  reservationId: string | null
  plan: string | null
  capability: string | null
  quality: string | null
  model: string | null
  costUsd: string | null
  reason: string | null
  createdAt: string
  /** sha256 of the row's record, hexadecimal. */
  hash: string
}

/** A signed statement that a row is in the ledger. Whoever has the public key can check it without a database. */
export interface Receipt {
  version: 1
  transaction: ReceiptTransaction
  /** What the row's hash is of, character by character. */
  record: string
  issuedAt: string
  keyId: string
  /** JWS (RFC 7515) over the row's hash, organization, sequence and the time of issue. */
  signature: string
}

/** Where each field stands in a record, see transaction_record(). */
const place = {
  organizationId: 1,
  sequence: 2,
  type: 3,
  amount: 4,
  coveredAmount: 8,
  balanceAfter: 9,
  reservationId: 10,
  plan: 11,
  capability: 12,
  quality: 13,
  model: 14,
  costUsd: 17,
  reason: 27,
  createdAt: 31,
} as const

/** @throws StipendError not_found */
export async function issueReceipt(
  pool: Pool,
  key: CheckpointKey,
  input: { organizationId: string; sequence: number },
): Promise<Receipt> {
  if (key.sign === null) throw new Error('A public key cannot sign.')
  const organizationId = requireText('organizationId', input.organizationId)
  const sequence = requireInteger('sequence', input.sequence, 1, Number.MAX_SAFE_INTEGER)
  const [row] = await readAsOrganization<{ record: string; hash: string }>(
    pool,
    organizationId,
    `select stipend.transaction_record(t, coalesce(
       (select p.hash from stipend.credit_transactions p
        where p.organization_id = t.organization_id and p.sequence = t.sequence - 1),
       (select h.hash from stipend.ledger_checkpoint_heads h
        where h.organization_id = t.organization_id and h.sequence = t.sequence - 1 limit 1),
       sha256(convert_to(t.organization_id, 'UTF8')))) as record, encode(t.hash, 'hex') as hash
     from stipend.credit_transactions t where t.organization_id = $1::text and t.sequence = $2::bigint`,
    [organizationId, sequence],
  )
  if (row === undefined) throw errorOf('not_found', { organizationId, sequence })
  if (sha256(row.record) !== row.hash) {
    throw errorOf(
      'internal',
      {},
      { cause: new Error(`Row ${sequence} of ${organizationId} is not what its hash is of.`) },
    )
  }
  const issuedAt = new Date().toISOString()
  const signature = await key.sign({ organizationId, sequence, hash: row.hash, at: issuedAt }, tokenType)
  const transaction = transactionOf(row.record, row.hash)
  return { version: 1, transaction, record: row.record, issuedAt, keyId: key.keyId, signature }
}

/** What a receipt was found to be. */
export type ReceiptVerification = { isValid: true; receipt: Receipt } | { isValid: false; reason: string }

/** Checks a receipt with public keys alone. @throws StipendError invalid_request: it is none */
export async function verifyReceipt(
  value: unknown,
  keys: readonly CheckpointKey[],
): Promise<ReceiptVerification> {
  const receipt = asReceipt(value)
  const hash = sha256(receipt.record)
  if (hash !== receipt.transaction.hash) {
    return { isValid: false, reason: "the record is not what the transaction's hash is of" }
  }
  let stated: ReceiptTransaction
  try {
    stated = transactionOf(receipt.record, hash)
  } catch {
    return { isValid: false, reason: 'the record is no ledger row' }
  }
  for (const [field, expected] of Object.entries(stated)) {
    const found: unknown = Reflect.get(receipt.transaction, field)
    if (found !== expected) {
      return {
        isValid: false,
        reason: `transaction.${field} is ${JSON.stringify(found)}, the record says ${JSON.stringify(expected)}`,
      }
    }
  }
  const token = await readToken(receipt.signature, keys, tokenType)
  if (token === null) return { isValid: false, reason: 'no given key has signed it' }
  const { organizationId, sequence } = stated
  const signed = JSON.stringify({ organizationId, sequence, hash, at: receipt.issuedAt })
  if (JSON.stringify(token.payload) !== signed)
    return { isValid: false, reason: 'the signature is of another receipt' }
  return { isValid: true, receipt }
}

function asReceipt(value: unknown): Receipt {
  const receipt = value as Partial<Receipt> | null
  if (typeof receipt !== 'object' || receipt === null || receipt.version !== 1) {
    throw invalid('receipt', 'must be the JSON of a receipt, version 1')
  }
  for (const field of ['record', 'signature', 'issuedAt'] as const) {
    if (typeof receipt[field] !== 'string') throw invalid(`receipt.${field}`, 'must be a text')
  }
  if (typeof receipt.transaction !== 'object' || receipt.transaction === null) {
    throw invalid('receipt.transaction', 'must be an object')
  }
  return receipt as Receipt
}

function transactionOf(record: string, hash: string): ReceiptTransaction {
  const fields: unknown = JSON.parse(record)
  if (!Array.isArray(fields) || fields[0] !== 1) throw new Error('The record has another format.')
  const text = (index: number): string | null => (fields[index] === null ? null : String(fields[index]))
  const credits = (index: number): string => decimal(text(index) ?? '0', 2)
  const cost = text(place.costUsd)
  return {
    organizationId: String(fields[place.organizationId]),
    sequence: Number(fields[place.sequence]),
    type: String(fields[place.type]),
    amount: credits(place.amount),
    coveredAmount: credits(place.coveredAmount),
    balanceAfter: credits(place.balanceAfter),
    reservationId: text(place.reservationId),
    plan: text(place.plan),
    capability: text(place.capability),
    quality: text(place.quality),
    model: text(place.model),
    costUsd: cost === null ? null : decimal(cost, 9),
    reason: text(place.reason),
    createdAt: new Date(Number(BigInt(String(fields[place.createdAt])) / 1000n)).toISOString(),
    hash,
  }
}

/** A whole number of the smallest unit as a decimal. */
function decimal(units: string, places: number): string {
  const sign = units.startsWith('-') ? '-' : ''
  const digits = units.replace('-', '').padStart(places + 1, '0')
  return `${sign}${digits.slice(0, -places)}.${digits.slice(-places)}`
}

function sha256(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('hex')
}
