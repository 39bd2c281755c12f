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

/**
 * Digests of the parties that this process has seen, so that a name is written once and not with every call.
 * The salt follows from the database's key and the party, so every process finds the same digest and row.
 */
export class PartyRegistry {
  readonly #pool: Pool
  readonly #capacity: number
  readonly #known = new Map<string, KnownParty>()
  #secret: Buffer | undefined

  constructor(pool: Pool, capacity = 10_000) {
    this.#pool = pool
    this.#capacity = capacity
  }

  /** Whether prepare() comes before digest(): there is a name or address to keep and no key yet. */
  mustPrepare(...parties: (Actor | Subject | undefined)[]): boolean {
    return this.#secret === undefined && parties.some(isNamed)
  }

  /** Reads the key; once in the life of a process is enough. */
  async prepare(): Promise<void> {
    const { secret } = await queryRow<{ secret: Buffer }>(
      this.#pool,
      'select secret from stipend.party_key',
      [],
    )
    this.#secret = secret
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
