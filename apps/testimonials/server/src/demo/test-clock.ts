import type { Pool } from 'pg'

/** Moves one organization's time; only the tables' owner may, on a database that is ours alone. */
export class TestClock {
  readonly #owner: Pool
  readonly #organizationId: string

  constructor(owner: Pool, organizationId: string) {
    this.#owner = owner
    this.#organizationId = organizationId
  }

  /** Whether the organization's time is moved, as it is while its history is being written. */
  async isSet(): Promise<boolean> {
    const { rowCount } = await this.#owner.query(
      'select from stipend.test_clocks where organization_id = $1::text',
      [this.#organizationId],
    )
    return rowCount !== 0
  }

  /** From now on it is `at` for the organization, and time goes on from there. */
  async moveTo(at: Date): Promise<void> {
    await this.#owner.query(
      `insert into stipend.test_clocks (organization_id, clock_offset)
       values ($1::text, $2::timestamptz - clock_timestamp())
       on conflict (organization_id) do update set clock_offset = excluded.clock_offset`,
      [this.#organizationId, at],
    )
  }

  /** Back to the time of all. */
  async remove(): Promise<void> {
    await this.#owner.query('delete from stipend.test_clocks where organization_id = $1::text', [
      this.#organizationId,
    ])
  }
}
