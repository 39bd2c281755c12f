import type { Pool } from 'pg'
import { type LedgerProblem, verifyOrganization } from '../verify.ts'
import type { CheckpointKey } from './checkpoint-key.ts'
import {
  addCheckpoint,
  type Checkpoint,
  type LedgerHead,
  latestCheckpoint,
  listMovedHeads,
  verifyCheckpoints,
} from './checkpoints.ts'
import { exportJournal } from './journal.ts'
import { issueReceipt, type Receipt } from './receipts.ts'

export interface SignedCheckpoint {
  /** null: nothing has moved, or nothing that has could be proven. */
  checkpoint: Checkpoint | null
  /** Whose ledgers have no new head, and why. */
  problems: LedgerProblem[]
  /** Nothing more has moved. */
  isDone: boolean
}

/** What others can hold the books against. */
export class Proof {
  readonly #pool: Pool

  constructor(pool: Pool) {
    this.#pool = pool
  }

  /**
   * Proves the ledgers that have moved since their last head, from there on, and signs where they stand now: at most
   * 10,000 organizations. A ledger with a problem gets no head.
   */
  async signCheckpoint(key: CheckpointKey): Promise<SignedCheckpoint> {
    const moved = await listMovedHeads(this.#pool)
    if (moved.length === 0) return { checkpoint: null, problems: [], isDone: true }
    const { heads, problems } = await verifyCheckpoints(this.#pool, [key])
    const proven: LedgerHead[] = []
    for (const { trustedSequence: _, ...head } of moved) {
      const from = heads.get(head.organizationId)?.sequence ?? null
      const found = await verifyOrganization(this.#pool, head.organizationId, from)
      if (found.problems.length === 0) proven.push(head)
      problems.push(...found.problems)
    }
    const checkpoint = proven.length === 0 ? null : await addCheckpoint(this.#pool, key, proven)
    return { checkpoint, problems, isDone: proven.length < moved.length || moved.length < 10_000 }
  }

  /** The newest; null: there is none. */
  latestCheckpoint(): Promise<Checkpoint | null> {
    return latestCheckpoint(this.#pool)
  }

  /** A signed statement that a row is in the ledger. @throws StipendError not_found */
  issueReceipt(input: { organizationId: string; sequence: number }, key: CheckpointKey): Promise<Receipt> {
    return issueReceipt(this.#pool, key, input)
  }

  /** An organization's ledger as a double-entry journal, entry by entry; begin with `journalHead`. */
  exportJournal(organizationId: string): AsyncGenerator<string> {
    return exportJournal(this.#pool, organizationId)
  }
}
