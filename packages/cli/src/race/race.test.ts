import { chmodSync, readdirSync } from 'node:fs'
import { createTestDatabase } from '@stipend/testing'
import { describe, expect, test } from 'vitest'
import { hasTerminal, makeFolder, type RunOptions, stipend } from '../test-support/stipend.ts'

/** A race in a temporary folder of its own; `leftovers` is what it has not removed. */
async function race(options: RunOptions = {}) {
  const folder = makeFolder()
  chmodSync(folder, 0o711)
  const ended = await stipend(['demo', 'race'], { ...options, env: { TMPDIR: folder } })
  return { ...ended, leftovers: readdirSync(folder) }
}

describe('stipend demo race', () => {
  test('lets in 37 of 200, verifies the ledger and leaves nothing behind', async () => {
    const { code, output, errors, leftovers } = await race()
    expect({ code, errors, leftovers }).toEqual({ code: 0, errors: '', leftovers: [] })
    expect(output.match(/●/g)).toHaveLength(37)
    expect(output.match(/×/g)).toHaveLength(163)
    expect(output).not.toContain('\u001b')
    expect(output).toMatch(/^admitted +37 \(by process \d+: \d+ of 100, \d+: \d+ of 100\)$/m)
    expect(output).toMatch(/^refused +163 \(/m)
    expect(output).toMatch(/^settled +37 calls, 37\.00 credits; balance 0\.00, held 0\.00$/m)
    expect(output).toMatch(/^ledger +verified, 38 rows: /m)
  })

  test.skipIf(!hasTerminal)('is drawn on a terminal as the answers come', async () => {
    const { code, output } = await race({ isOnTerminal: true })
    expect(code).toBe(0)
    expect(output).toContain('  0 answered')
    expect(output).toContain('137 answered')
    const pictures = output.split('\u001b[12A')
    expect(pictures).toHaveLength(201)
    const last = pictures.at(-1) ?? ''
    expect(last.split('\u001b[32m●\u001b[39m')).toHaveLength(38)
    expect(last.split('\u001b[31m×\u001b[39m')).toHaveLength(164)
  })

  test('ends in order where its reader has seen enough', async () => {
    const { errors, leftovers } = await race({ readLines: 1 })
    expect({ errors, leftovers }).toEqual({ errors: '', leftovers: [] })
  })

  test('interrupted, it stops its database and leaves nothing behind', async () => {
    const signal = { prompt: '200 callers', name: 'SIGTERM' } as const
    expect(await race({ signal })).toMatchObject({
      code: 143,
      errors: 'stipend: The race was interrupted.\n',
      leftovers: [],
    })
  })

  test.skipIf(!hasTerminal)('interrupted by Ctrl-C while it draws, it gives the cursor back', async () => {
    const answer = { prompt: '  9 answered', text: '\u0003' }
    const { code, output, leftovers } = await race({ isOnTerminal: true, answer })
    expect({ code, leftovers }).toEqual({ code: 130, leftovers: [] })
    expect(output).not.toContain('200 answered')
    expect(output).toMatch(/The race was interrupted\.\s*$/)
    expect(output.lastIndexOf('\u001b[?25h')).toBeGreaterThan(output.lastIndexOf('\u001b[?25l'))
  })

  test('runs on an empty database of the user, again on the same, tells a wrong outcome, and takes no other', async () => {
    await using empty = await createTestDatabase({ isMigrated: false })
    for (const times of [1, 2]) {
      const { code } = await stipend(['demo', 'race', '--database-url', empty.ownerUrl])
      const rows = await empty.owner.query<{ count: string }>('select count(*) from stipend.organizations')
      expect({ code, organizations: Number(rows.rows[0]?.count) }).toEqual({ code: 0, organizations: times })
    }
    // New organizations get a grace that the race does not reckon with.
    await empty.owner.query('update stipend.credit_settings set overdraft_limit = 2')
    const lost = await stipend(['demo', 'race', '--database-url', empty.ownerUrl])
    expect(lost.code).toBe(1)
    expect(lost.output).toMatch(/^admitted +39 /m)
    expect(lost.output).toContain('Not as it has to be: 37 admitted, 163 refused, a verified ledger.')

    await empty.owner.query(
      `insert into stipend.catalog_versions (version, catalog, author) values (2, '{"plans": {}}', 'somebody')`,
    )
    const used = await stipend(['demo', 'race', '--database-url', empty.ownerUrl])
    expect(used.code).toBe(2)
    expect(used.errors).toContain('--database-url has to name an empty database')
  })
})
