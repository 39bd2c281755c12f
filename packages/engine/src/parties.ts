import { createHmac, hash } from 'node:crypto'
import type { Pool } from 'pg'
import { queryRow } from './database.ts'

/** Who causes a call. Names and addresses go to stipend.credit_parties, the ledger keeps a salted digest. */
export interface Actor {
  type: 'member' | 'api_key' | 'customer'
  /** The host's id; it stays in the ledger when a person is erased, so it should not name one. */
  id: string
  name?: string
  email?: string
}

/** What a call concerns, such as a testimonial or a person written about. */
export interface Subject {
  type: string
  id: string
  name?: string
}

/** A party version not yet known to be stored, as reserve_credits() takes it; digest and salt in hex. */
export interface NewParty {
  organizationId: string
  digest: string
  salt: string
  type: string
  id: string
  name: string | null
  email: string | null
}

interface KnownParty {
  digest: Buffer
  party: NewParty
  isStored: boolean
}

/** A key that an erasure elsewhere has ended is used no longer than this. */
const keyLifeMs = 60_000

/**
 * Digests of the parties that this process has seen, so that a name is written once and not with every call.
 * The salt follows from the database's key and the party, so every process finds the same digest and row.
 *
 * An erasure draws a new key. A process that still has the old one names the erased row, in which nothing is written
 * again; with the new one the same person is another row.
 */
export class PartyRegistry {
  readonly #pool: Pool
  readonly #capacity: number
  readonly #known = new Map<string, KnownParty>()
  #secret: Buffer | undefined
  #readAt = Number.NEGATIVE_INFINITY
  #reading: Promise<void> | undefined

  constructor(pool: Pool, capacity = 10_000) {
    this.#pool = pool
    this.#capacity = capacity
  }

  /** Whether prepare() comes before digest(): there is a name or address to keep and no key, or an old one. */
  mustPrepare(...parties: (Actor | Subject | undefined)[]): boolean {
    const isFresh = this.#secret !== undefined && performance.now() - this.#readAt < keyLifeMs
    return !isFresh && parties.some(isNamed)
  }

  /** Reads the key; callers at the same time share one reading. */
  prepare(): Promise<void> {
    this.#reading ??= this.#read().finally(() => {
      this.#reading = undefined
    })
    return this.#reading
  }

  /** After an erasure by this process: the next named call reads the new key. */
  forget(): void {
    this.#readAt = Number.NEGATIVE_INFINITY
    this.#known.clear()
  }

  async #read(): Promise<void> {
    try {
      const { secret } = await queryRow<{ secret: Buffer }>(
        this.#pool,
        'select secret from stipend.party_key',
        [],
      )
      // Other digests now: what was stored under the old ones says nothing of them.
      if (this.#secret?.equals(secret) === false) this.#known.clear()
      this.#secret = secret
      this.#readAt = performance.now()
    } catch (error) {
      // With the old key a call goes on; whether the database is there is the call's to say.
      if (this.#secret === undefined) throw error
    }
  }

  /** The digest to put beside the id; `undefined` where there is neither name nor address to keep. */
  digest(organizationId: string, party: Actor | Subject | undefined): KnownParty | undefined {
    if (party === undefined || !isNamed(party)) return undefined
    const email = 'email' in party ? party.email : undefined
    const fields = [party.type, party.id, party.name ?? null, email ?? null]
    const key = JSON.stringify([organizationId, ...fields])
    const known = this.#known.get(key)
    if (known !== undefined) return known

    if (this.#secret === undefined) throw new Error('digest() comes after prepare().')
    const salt = createHmac('sha256', this.#secret).update(key).digest().subarray(0, 16)
    const digest = hash('sha256', Buffer.concat([salt, Buffer.from(JSON.stringify(fields))]), 'buffer')
    const created: KnownParty = {
      digest,
      isStored: false,
      party: {
        organizationId,
        digest: digest.toString('hex'),
        salt: salt.toString('hex'),
        type: party.type,
        id: party.id,
        name: party.name ?? null,
        email: email ?? null,
      },
    }
    if (this.#known.size >= this.#capacity) {
      const [oldest] = this.#known.keys()
      if (oldest !== undefined) this.#known.delete(oldest)
    }
    this.#known.set(key, created)
    return created
  }
}

function isNamed(party: Actor | Subject | undefined): boolean {
  return party !== undefined && (party.name !== undefined || ('email' in party && party.email !== undefined))
}

export type { KnownParty }
