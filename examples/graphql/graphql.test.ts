import { type ReadingRole, readingRoles, tableAccess } from '@stipend/db'
import { createEngine, credits, defineCatalog } from '@stipend/engine'
import { createTestDatabase } from '@stipend/testing'
import { createLocalJWKSet, exportJWK, generateKeyPair, SignJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { visibleColumns } from './access.ts'
import { createApp } from './app.ts'

const catalog = defineCatalog({
  models: { mini: 'openai/gpt-4o-mini' },
  capabilities: { reply: { name: 'Reply', estimate: { fast: 1 } } },
  plans: { free: { monthlyCredits: 10, allows: { reply: { fast: ['mini'] } } } },
})
const database = await createTestDatabase()
const engine = createEngine({ database: database.server, catalog })
const { privateKey, publicKey } = await generateKeyPair('EdDSA')
const keys = createLocalJWKSet({ keys: [{ ...(await exportJWK(publicKey)), alg: 'EdDSA', kid: 'a' }] })
const tokens = { issuer: 'https://auth.example.com', audience: 'stipend', keys }
let app: Awaited<ReturnType<typeof createApp>>

beforeAll(async () => {
  await engine.pushCatalog({ author: 'test' })
  for (const organizationId of ['acme', 'bell']) {
    await engine.putOrganization({ organizationId, name: organizationId, plan: 'free' })
    const { id } = await engine.reserveCredits({
      organizationId,
      capability: 'reply',
      actor: { type: 'customer', id: 'eve', name: 'Eve' },
    })
    await engine.settleCredits({ organizationId, reservationId: id, actualCredits: credits(0.5) })
  }
  app = await createApp({ pool: database.server, tokens })
})
afterAll(async () => {
  await app.close()
  await engine.close()
  await database[Symbol.asyncDispose]()
})

type Row = Readonly<Record<string, unknown>>

interface Answer {
  data?: Row | null
  errors?: readonly { message: string }[]
}

interface Token {
  role?: string
  organizationId?: string
  issuer?: string
  audience?: string
  expires?: string
  key?: typeof privateKey
}

async function tokenOf({ role = 'viewer', organizationId = 'acme', ...other }: Token): Promise<string> {
  const claims = {
    'x-hasura-user-id': 'ann',
    'x-hasura-organization-id': organizationId,
    'x-hasura-default-role': role,
    'x-hasura-allowed-roles': [role],
  }
  return new SignJWT({ 'https://hasura.io/jwt/claims': claims })
    .setProtectedHeader({ alg: 'EdDSA', kid: 'a' })
    .setSubject('ann')
    .setIssuer(other.issuer ?? tokens.issuer)
    .setAudience(other.audience ?? tokens.audience)
    .setIssuedAt()
    .setExpirationTime(other.expires ?? '1m')
    .sign(other.key ?? privateKey)
}

async function post(query: string, authorization: string | null): Promise<Response> {
  return app.fetch(
    new Request('http://127.0.0.1/graphql', {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(authorization === null ? {} : { authorization }) },
      body: JSON.stringify({ query }),
    }),
  )
}

async function ask(query: string, token: Token): Promise<Answer> {
  const response = await post(query, `Bearer ${await tokenOf(token)}`)
  return (await response.json()) as Answer
}

/** The nodes of a connection, or a failure with what was said. */
async function nodesOf(field: string, columns: string, token: Token): Promise<readonly Row[]> {
  const { data, errors } = await ask(`{ ${field} { nodes { ${columns} } } }`, token)
  expect(errors).toBeUndefined()
  const connection = data?.[field] as { nodes: readonly Row[] } | undefined
  return connection?.nodes ?? []
}

interface FieldType {
  kind: string
  ofType: FieldType | null
}

interface Schema {
  mutationType: Row | null
  subscriptionType: Row | null
  types: readonly {
    name: string
    fields: readonly { name: string; type: FieldType; args: readonly { name: string }[] }[] | null
    inputFields: readonly { name: string }[] | null
    enumValues: readonly { name: string }[] | null
  }[]
}

async function schemaOf(role: ReadingRole): Promise<Schema> {
  const kind = 'kind ofType { kind ofType { kind ofType { kind ofType { kind } } } }'
  const { data, errors } = await ask(
    `{ __schema { mutationType { name } subscriptionType { name }
       types { name fields { name args { name } type { ${kind} } } inputFields { name } enumValues { name } } } }`,
    { role },
  )
  expect(errors).toBeUndefined()
  return data?.['__schema'] as Schema
}

const camel = (name: string) => name.replaceAll(/_(\w)/g, (_, letter: string) => letter.toUpperCase())
const typeName = (table: string) => {
  const name = camel(`_${table}`)
  return name.endsWith('ies') ? `${name.slice(0, -3)}y` : name.slice(0, -1)
}
const fieldName = (column: string) => (column === 'id' ? 'rowId' : camel(column))
const isObject = ({ kind, ofType }: FieldType): boolean =>
  ofType === null ? kind === 'OBJECT' || kind === 'INTERFACE' : isObject(ofType)

describe.each(readingRoles)('%s', (role) => {
  const readsCosts = role === 'admin' || role === 'owner'

  test('reads the own organization with its computed fields, and no other', async () => {
    for (const organizationId of ['acme', 'bell']) {
      const token = { role, organizationId }
      expect(
        await nodesOf('allOrganizations', 'rowId availableCredits spendableCredits usedThisPeriod', token),
      ).toEqual([
        {
          rowId: organizationId,
          availableCredits: '11.50',
          spendableCredits: '9.50',
          usedThisPeriod: '0.50',
        },
      ])
      const other = organizationId === 'acme' ? 'bell' : 'acme'
      const { data } = await ask(
        `{ organizationByRowId(rowId: "${other}") { name }
           creditTransactionByOrganizationIdAndSequence(organizationId: "${other}", sequence: "1") { type } }`,
        token,
      )
      expect(data).toEqual({ organizationByRowId: null, creditTransactionByOrganizationIdAndSequence: null })
    }
  })

  test('reads the own ledger with its costs or without', async () => {
    const rows = await nodesOf('allCreditTransactions', 'organizationId type amount actorId', { role })
    expect(rows).toEqual([
      { organizationId: 'acme', type: 'plan_allocation', amount: '10.00', actorId: null },
      { organizationId: 'acme', type: 'ai_consumption', amount: '-0.50', actorId: 'eve' },
    ])
    for (const column of ['costUsd', 'providerMetadata']) {
      const { errors } = await ask(`{ allCreditTransactions { nodes { ${column} } } }`, { role })
      if (readsCosts) expect(errors).toBeUndefined()
      else expect(errors?.[0]?.message).toContain(`Cannot query field "${column}"`)
    }
  })

  test('has no row of another organization in any table', async () => {
    const { types } = await schemaOf(role)
    const queries = types.find(({ name }) => name === 'Query')?.fields ?? []
    let count = 0
    for (const table of Object.keys(tableAccess)) {
      if (!visibleColumns(table, role).includes('organization_id')) continue
      const field = queries.find(({ name }) => name === camel(`all_${table}`))
      expect([table, field]).not.toEqual([table, undefined])
      for (const organizationId of ['acme', 'bell', 'nobody']) {
        const rows = await nodesOf(camel(`all_${table}`), 'organizationId', { role, organizationId })
        expect(rows.filter((row) => row['organizationId'] !== organizationId)).toEqual([])
        count += rows.length
      }
    }
    expect(count).toBeGreaterThan(8)
  })

  test('has the tables and columns that the list of access gives it, and no others', async () => {
    const { types } = await schemaOf(role)
    const computed = ['availableCredits', 'spendableCredits', 'usedThisPeriod']
    for (const table of Object.keys(tableAccess)) {
      const visible = [
        ...visibleColumns(table, role).map(fieldName),
        ...(table === 'organizations' ? computed : []),
      ].toSorted()
      const fields = types.find(({ name }) => name === typeName(table))?.fields ?? []
      const columns = fields
        .filter(({ name, type }) => !isObject(type) && name !== 'id')
        .map(({ name }) => name)
        .toSorted()
      expect([table, columns]).toEqual([table, visible])
    }
  })

  test('finds no word of a cost or secret in the schema, not in arguments either', async () => {
    const words = JSON.stringify(await schemaOf(role))
    expect(words).not.toMatch(/stripe|digest|secret|salt|slackUrl|markup|sourceId|paymentMetadata/i)
    const costs = /cost|usdPerMillion|providerMetadata|margin/i
    if (readsCosts) expect(words).toMatch(costs)
    else expect(words).not.toMatch(costs)
  })

  test('has no mutation, no subscription and no function but computed fields', async () => {
    const { mutationType, subscriptionType, types } = await schemaOf(role)
    expect([mutationType, subscriptionType]).toEqual([null, null])
    const { data, errors } = await ask('mutation { createPlan { clientMutationId } }', { role })
    expect(data ?? null).toBeNull()
    expect(errors).toHaveLength(1)
    const queries = types.find(({ name }) => name === 'Query')?.fields?.map(({ name }) => name) ?? []
    expect(queries.filter((name) => /^(get|verify|list|project)[A-Z]/.test(name))).toEqual([])
    expect(queries.length).toBeGreaterThan(40)
  })
})

describe('nobody', () => {
  const query = '{ allPlans { nodes { name } } }'
  const stranger = generateKeyPair('EdDSA')

  test.each<[string, () => Promise<string | null>]>([
    ['without a token', async () => null],
    ['with a word', async () => 'Bearer nonsense'],
    ['of another issuer', async () => `Bearer ${await tokenOf({ issuer: 'https://evil.example' })}`],
    ['for another audience', async () => `Bearer ${await tokenOf({ audience: 'others' })}`],
    ['whose token has expired', async () => `Bearer ${await tokenOf({ expires: '-1m' })}`],
    ['with a key of their own', async () => `Bearer ${await tokenOf({ key: (await stranger).privateKey })}`],
    ['in a role that is none', async () => `Bearer ${await tokenOf({ role: 'stipend_operator' })}`],
    ['in the public’s role', async () => `Bearer ${await tokenOf({ role: 'anonymous' })}`],
    ['of no organization', async () => `Bearer ${await tokenOf({ organizationId: '' })}`],
  ])('%s is answered 401', async (_, authorization) => {
    const response = await post(query, await authorization())
    expect(response.status).toBe(401)
    expect(await response.text()).not.toContain('Free')
  })

  test('reads by GET', async () => {
    expect((await app.fetch(new Request(`http://127.0.0.1/graphql?query=${query}`))).status).toBe(404)
  })
})

test('two organizations that ask at once over the same connections get their own rows each', async () => {
  const organizations = Array.from({ length: 60 }, (_, i) => (i % 2 === 0 ? 'acme' : 'bell'))
  const answers = await Promise.all(
    organizations.map((organizationId) =>
      nodesOf('allCreditTransactions', 'organizationId', { role: 'owner', organizationId }),
    ),
  )
  for (const [i, rows] of answers.entries()) {
    expect(rows).toEqual([{ organizationId: organizations[i] }, { organizationId: organizations[i] }])
  }
})
