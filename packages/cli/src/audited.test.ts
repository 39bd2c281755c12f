import { writeFile } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { createEngine } from '@stipend/engine'
import { createTestDatabase } from '@stipend/testing'
import { expect, test } from 'vitest'
import { catalog } from './test-support/small.catalog.ts'
import { makeFolder, stipend } from './test-support/stipend.ts'

test('what an operator does on the command line is in the audit log, refused or not', {
  timeout: 60_000,
}, async () => {
  await using database = await createTestDatabase()
  const directory = makeFolder()
  const env = { DATABASE_URL: database.serverUrl }
  const run = (...args: string[]) => stipend(args, { env, directory })
  const engine = createEngine({ database: database.server, catalog })
  await engine.pushCatalog({ author: 'test' })
  await writeFile(
    join(directory, 'customers.csv'),
    'id,name,plan,period_start,monthly_left,credits\nacme,Acme,free,2026-02-01,,2.5\n',
  )
  await writeFile(
    join(directory, 'next.catalog.json'),
    JSON.stringify({ ...catalog, topups: { starter: { credits: 120, priceUsdCents: 999 } } }),
  )
  await writeFile(
    join(directory, 'stipend.catalog.ts'),
    `import catalog from './next.catalog.json' with { type: 'json' }\nexport { catalog }\n`,
  )

  const done = [
    await run('organizations', 'import', 'customers.csv'),
    await run('credits', 'grant', 'acme', '5', '--type', 'promo', '--source', 'spring', '--reason', 'Spring'),
    await run('catalog', 'push', '--author', 'ada', '--reason', 'Larger starter'),
    await run('prices', 'set', 'mini', '--input', '2', '--output', '3', '--reason', 'New contract'),
    await run('prices', 'clear', 'mini', '--reason', 'Contract ended'),
  ]
  expect(done.map(({ code, errors }) => ({ code, errors }))).toEqual(
    done.map(() => ({ code: 0, errors: '' })),
  )
  const refused = await run('credits', 'adjust', 'acme', '0', '--source', 'zero', '--reason', 'Nothing')
  expect(refused.code).toBe(1)
  const looked = await run('prices', 'list')
  expect(looked.code).toBe(0)
  const actor = { type: 'member', id: 'u-1', name: 'Ada' } as const
  const { id } = await engine.reserveCredits({ organizationId: 'acme', capability: 'reply', actor })
  await engine.releaseCredits({ organizationId: 'acme', reservationId: id })
  expect((await run('parties', 'erase', '--type', 'member', '--id', 'u-1', '--yes')).code).toBe(0)

  const { entries } = await engine.operator.listAudit()
  const login = { type: 'command_line', id: userInfo().username, name: null }
  const entry = (
    action: string,
    parameters: object,
    rest: { organizationId?: string; reason?: string; actor?: object; outcome?: string } = {},
  ) => ({ actor: login, action, organizationId: null, reason: null, outcome: 'done', ...rest, parameters })
  const acme = { organizationId: 'acme' }
  expect(
    entries
      .map(({ actor, action, organizationId, reason, outcome, parameters }) => ({
        ...{ actor, action, organizationId, reason, outcome, parameters },
      }))
      .toReversed(),
  ).toEqual([
    entry(
      'stipend organizations import',
      { plan: 'free', periodAnchor: '2026-02-01T00:00:00.000Z', credits: '2.50', monthlyLeft: null },
      acme,
    ),
    entry(
      'stipend credits grant',
      { credits: '5.00', type: 'promo', sourceId: 'spring' },
      { ...acme, reason: 'Spring' },
    ),
    entry(
      'stipend catalog push',
      { file: 'stipend.catalog.ts', changes: ['topups.starter.credits'] },
      { actor: { ...login, id: 'ada' }, reason: 'Larger starter' },
    ),
    entry('stipend prices set', { model: 'mini', input: '2', output: '3' }, { reason: 'New contract' }),
    entry('stipend prices clear', { model: 'mini' }, { reason: 'Contract ended' }),
    entry(
      'stipend credits adjust',
      { credits: '0.00', sourceId: 'zero' },
      { ...acme, reason: 'Nothing', outcome: 'invalid_request' },
    ),
    entry('stipend parties erase', { type: 'member', id: 'u-1' }, acme),
  ])
  await engine.close()
})
