import {
  boolArray,
  byteaArray,
  int4Array,
  int8Array,
  jsonbArray,
  textArray,
  uuidArray,
} from './binary-array.ts'
import { jsonText } from './json-text.ts'
import type { KnownParty } from './parties.ts'
import type { SettleFlag } from './reservations.ts'

/** A reserve as the database takes it; amounts in hundredths, null: not given. */
export interface ReserveRequest {
  verb: 'reserve'
  organizationId: string
  id: string
  key: string | null
  parameterHash: Buffer
  capability: string
  quality: string | null
  model: string | null
  estimate: number | null
  inputTokens: number | null
  outputTokens: number | null
  leaseSeconds: number
  isDispatched: boolean
  isDryRun: boolean
  remoteBy: string | null
  actorType: string | null
  actorId: string | null
  actor: KnownParty | undefined
  subjectType: string | null
  subjectId: string | null
  subject: KnownParty | undefined
  formId: string | null
  customerLimits: string | null
}

export interface SettleRequest {
  verb: 'settle'
  organizationId: string
  id: string
  credits: number | null
  costNanoUsd: bigint | null
  model: string | null
  flags: readonly SettleFlag[]
  metadata: string | null
  settleHash: Buffer
  reply: string | null
}

export interface ReleaseRequest {
  verb: 'release'
  organizationId: string
  id: string
}

export interface ExtendRequest {
  verb: 'extend'
  organizationId: string
  id: string
  isDispatched: boolean | null
  credits: number | null
  costNanoUsd: bigint | null
  model: string | null
  usage: string | null
  estimate: number | null
}

export type VerbRequest = ReserveRequest | SettleRequest | ReleaseRequest | ExtendRequest

/** A call to the database: its text and parameters, with each verb's requests in the order of its arrays. */
export interface BatchStatement {
  /** The same for the same text. */
  name: string
  text: string
  values: unknown[]
  /** By the number that the statement's first column gives. */
  groups: readonly (readonly VerbRequest[])[]
}

type Arguments = [value: unknown, type: string][]

/** Sorted distinct organizations of some requests, and where each request's is among them, from 1. */
function indexOrganizations(requests: readonly VerbRequest[]): {
  organizations: string[]
  positions: number[]
} {
  const organizations = [...new Set(requests.map((request) => request.organizationId))].sort()
  const position = new Map(organizations.map((organization, index) => [organization, index + 1]))
  return { organizations, positions: requests.map((request) => position.get(request.organizationId) ?? 0) }
}

/** For each request the place of an earlier one with the same identity, from 1; 0: none. */
function twins(identities: readonly (string | null)[], rule: 'first' | 'previous'): number[] {
  const seen = new Map<string, number>()
  return identities.map((identity, index) => {
    if (identity === null) return 0
    const earlier = seen.get(identity) ?? 0
    if (earlier === 0 || rule === 'previous') seen.set(identity, index + 1)
    return earlier
  })
}

function newParties(requests: readonly ReserveRequest[]): string | null {
  const parties = new Set(
    requests
      .flatMap((request) => [request.actor, request.subject])
      .filter((known) => known !== undefined && !known.isStored)
      .map((known) => known?.party),
  )
  return parties.size === 0 ? null : jsonText([...parties])
}

function reserveArguments(requests: readonly ReserveRequest[], wait: boolean, isRetry: boolean): Arguments {
  const { organizations, positions } = indexOrganizations(requests)
  const identities = requests.map(({ organizationId, key }) =>
    key === null ? null : JSON.stringify([organizationId, key]),
  )
  return [
    [wait, 'boolean'],
    [isRetry, 'boolean'],
    [textArray(organizations), 'text[]'],
    [int4Array(positions), 'integer[]'],
    [uuidArray(requests.map((r) => r.id)), 'uuid[]'],
    [textArray(requests.map((r) => r.key)), 'text[]'],
    [int4Array(twins(identities, 'previous')), 'integer[]'],
    [byteaArray(requests.map((r) => r.parameterHash)), 'bytea[]'],
    [textArray(requests.map((r) => r.capability)), 'text[]'],
    [textArray(requests.map((r) => r.quality)), 'text[]'],
    [textArray(requests.map((r) => r.model)), 'text[]'],
    [int8Array(requests.map((r) => r.estimate)), 'bigint[]'],
    [int4Array(requests.map((r) => r.inputTokens)), 'integer[]'],
    [int4Array(requests.map((r) => r.outputTokens)), 'integer[]'],
    [int4Array(requests.map((r) => r.leaseSeconds)), 'integer[]'],
    [boolArray(requests.map((r) => r.isDispatched)), 'boolean[]'],
    [boolArray(requests.map((r) => r.isDryRun)), 'boolean[]'],
    [textArray(requests.map((r) => r.remoteBy)), 'text[]'],
    [textArray(requests.map((r) => r.actorType)), 'text[]'],
    [textArray(requests.map((r) => r.actorId)), 'text[]'],
    [byteaArray(requests.map((r) => r.actor?.digest ?? null)), 'bytea[]'],
    [textArray(requests.map((r) => r.subjectType)), 'text[]'],
    [textArray(requests.map((r) => r.subjectId)), 'text[]'],
    [byteaArray(requests.map((r) => r.subject?.digest ?? null)), 'bytea[]'],
    [textArray(requests.map((r) => r.formId)), 'text[]'],
    [jsonbArray(requests.map((r) => r.customerLimits)), 'jsonb[]'],
    [newParties(requests), 'jsonb'],
  ]
}

function settleArguments(requests: readonly SettleRequest[], wait: boolean): Arguments {
  const { organizations, positions } = indexOrganizations(requests)
  const identities = requests.map(({ organizationId, id }) => JSON.stringify([organizationId, id]))
  return [
    [wait, 'boolean'],
    [false, 'boolean'],
    [textArray(organizations), 'text[]'],
    [int4Array(positions), 'integer[]'],
    [uuidArray(requests.map((r) => r.id)), 'uuid[]'],
    [int4Array(twins(identities, 'first')), 'integer[]'],
    [int8Array(requests.map((r) => r.credits)), 'bigint[]'],
    [int8Array(requests.map((r) => r.costNanoUsd)), 'bigint[]'],
    [textArray(requests.map((r) => r.model)), 'text[]'],
    [textArray(requests.map((r) => (r.flags.length === 0 ? null : `{${r.flags.join(',')}}`))), 'text[]'],
    [jsonbArray(requests.map((r) => r.metadata)), 'jsonb[]'],
    [byteaArray(requests.map((r) => r.settleHash)), 'bytea[]'],
    [jsonbArray(requests.map((r) => r.reply)), 'jsonb[]'],
  ]
}

function releaseArguments(requests: readonly ReleaseRequest[], wait: boolean): Arguments {
  const { organizations, positions } = indexOrganizations(requests)
  return [
    [wait, 'boolean'],
    [textArray(organizations), 'text[]'],
    [int4Array(positions), 'integer[]'],
    [uuidArray(requests.map((r) => r.id)), 'uuid[]'],
  ]
}

function extendArguments(requests: readonly ExtendRequest[], wait: boolean): Arguments {
  const { organizations, positions } = indexOrganizations(requests)
  return [
    [wait, 'boolean'],
    [textArray(organizations), 'text[]'],
    [int4Array(positions), 'integer[]'],
    [uuidArray(requests.map((r) => r.id)), 'uuid[]'],
    [boolArray(requests.map((r) => r.isDispatched)), 'boolean[]'],
    [int8Array(requests.map((r) => r.credits)), 'bigint[]'],
    [int8Array(requests.map((r) => r.costNanoUsd)), 'bigint[]'],
    [textArray(requests.map((r) => r.model)), 'text[]'],
    [jsonbArray(requests.map((r) => r.usage)), 'jsonb[]'],
    [int8Array(requests.map((r) => r.estimate)), 'bigint[]'],
  ]
}

/** The one call for a batch: what ends holds first, so that what it frees is there for the reserves. */
export function batchStatement(
  requests: readonly VerbRequest[],
  wait: boolean,
  isRetry: boolean,
): BatchStatement {
  const settles = requests.filter((request) => request.verb === 'settle')
  const releases = requests.filter((request) => request.verb === 'release')
  const extensions = requests.filter((request) => request.verb === 'extend')
  const reserves = requests.filter((request) => request.verb === 'reserve')
  const groups = [settles, releases, extensions, reserves]
  const values: unknown[] = []
  const parts: string[] = []
  const add = (name: string, group: number, list: Arguments): void => {
    const names = list.map(([value, type]) => `$${values.push(value)}::${type}`)
    parts.push(`select ${group} as verb, o.* from stipend.${name}(${names.join(', ')}) o`)
  }
  if (settles.length > 0) add('settle_credits', 0, settleArguments(settles, wait))
  if (releases.length > 0) add('release_credits', 1, releaseArguments(releases, wait))
  if (extensions.length > 0) add('extend_reservations', 2, extendArguments(extensions, wait))
  if (reserves.length > 0) add('reserve_credits', 3, reserveArguments(reserves, wait, isRetry))
  const verbs = groups.map((group, index) => (group.length > 0 ? index : '')).join('')
  return { name: `stipend_batch_${verbs}`, text: parts.join('\nunion all\n'), values, groups }
}
