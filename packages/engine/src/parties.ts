import { hash, randomBytes } from 'node:crypto'

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

const capacity = 10_000

/**
 * Digests of the parties that this process has seen, so that a name is written once and not with every call.
 * The salt is drawn here; another process draws its own and stores a row of its own.
 */
export class PartyRegistry {
  readonly #known = new Map<string, KnownParty>()

  /** The digest to put beside the id; `undefined` where there is neither name nor address to keep. */
  digest(organizationId: string, party: Actor | Subject | undefined): KnownParty | undefined {
    if (party === undefined) return undefined
    const email = 'email' in party ? party.email : undefined
    if (party.name === undefined && email === undefined) return undefined
    const fields = [party.type, party.id, party.name ?? null, email ?? null]
    const key = JSON.stringify([organizationId, ...fields])
    const known = this.#known.get(key)
    if (known !== undefined) return known

    const salt = randomBytes(16)
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
    if (this.#known.size >= capacity) {
      const [oldest] = this.#known.keys()
      if (oldest !== undefined) this.#known.delete(oldest)
    }
    this.#known.set(key, created)
    return created
  }
}

export type { KnownParty }
