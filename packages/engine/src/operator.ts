import type { Pool } from 'pg'
import { type Credits, credits } from './credits.ts'
import { queryRow } from './database.ts'
import { StipendError } from './errors.ts'
import { jsonText } from './json-text.ts'
import { readAsOperator, readAsOrganization } from './reading.ts'
import { optionalText, requireInteger, requireText } from './validate.ts'

/** An organization in an operator's list. Amounts in hundredths of credits. */
export interface OrganizationSummary {
  organizationId: string
  name: string
  plan: string
  status: 'active' | 'past_due' | 'suspended'
  pendingPlan: string | null
  isUnlimited: boolean
  balance: Credits
  reservedCredits: Credits
  usedThisPeriod: Credits
  monthlyAllocation: Credits
  debtCredits: Credits
  periodEndsAt: Date
  lastTransactionAt: Date
  createdAt: Date
}

export interface ListOrganizationsInput {
  /** A part of the id or the name. */
  search?: string | undefined
  plan?: string | undefined
  status?: OrganizationSummary['status'] | undefined
  /** The last one of the page before. */
  after?: string | undefined
  /** At most 200; default 50. */
  limit?: number | undefined
}

/** What waits where. */
export interface OperatorOverview {
  plans: { plan: string; organizations: number; pastDue: number; suspended: number }[]
  inDebt: number
  openHolds: number
  settleIntents: number
  pendingEvents: number
  oldestPendingEventAt: string | null
  pendingDeliveries: number
  failedDeliveries: number
  disabledEndpoints: number
  pendingMessages: number
  failedMessages: number
  /** Organizations whose ledger has moved since their last head in a signed checkpoint. */
  movedSinceCheckpoint: number
}

/** The last run of a job. */
export interface JobStatus {
  name: string
  endedAt: Date
  ms: number
  count: number
  /** Why it failed; null: it did not. */
  code: string | null
  lastSuccessAt: Date | null
  runs: number
  failures: number
}

/** Bonus credits that something is left of. Amounts in hundredths. */
export interface LiveGrant {
  id: string
  type: string
  credits: Credits
  remaining: Credits
  /** Lower is spent first. */
  priority: number
  expiresAt: Date | null
  createdAt: Date
}

export interface FailingEndpoint {
  organizationId: string
  id: string
  /** Origin alone. */
  url: string
  enabled: boolean
  disabledReason: string | null
  failingSince: Date | null
  lastStatus: number | null
  lastError: string | null
  pending: number
  failed: number
}

export interface AuditEntry {
  id: number
  actor: { type: string; id: string; name: string | null }
  action: string
  organizationId: string | null
  reason: string | null
  parameters: Readonly<Record<string, unknown>>
  requestId: string | null
  /** `done`, or the code of the refusal; null: under way, or its process died. */
  outcome: string | null
  createdAt: Date
}

export interface AuditedAction {
  actor: { type: string; id: string; name?: string | undefined }
  action: string
  organizationId?: string | null | undefined
  reason?: string | null | undefined
  /** What was asked for. No secrets. */
  parameters?: Readonly<Record<string, unknown>> | undefined
  requestId?: string | undefined
}

export interface ListAuditInput {
  organizationId?: string | undefined
  /** Entries before this one. */
  before?: number | undefined
  /** At most 200; default 50. */
  limit?: number | undefined
}

/** What operators look at and do, over all organizations. */
export class Operator {
  readonly #pool: Pool

  constructor(pool: Pool) {
    this.#pool = pool
  }

  /** By id. `next` is the `after` of the page that follows; null: there is none. */
  async listOrganizations(
    input: ListOrganizationsInput = {},
  ): Promise<{ organizations: OrganizationSummary[]; next: string | null }> {
    const limit = requireInteger('limit', input.limit ?? 50, 1, 200)
    const rows = await readAsOperator<OrganizationRow>(
      this.#pool,
      'select * from stipend.list_organizations($1::text, $2::text, $3::text, $4::text, $5::integer)',
      [
        optionalText('search', input.search === '' ? undefined : input.search),
        optionalText('plan', input.plan),
        input.status ?? null,
        input.after ?? '',
        limit + 1,
      ],
    )
    const page = rows.slice(0, limit).map(summaryOf)
    return { organizations: page, next: rows.length > limit ? (page.at(-1)?.organizationId ?? null) : null }
  }

  async overview(): Promise<OperatorOverview> {
    const [row] = await readAsOperator<{ overview: OperatorOverview }>(
      this.#pool,
      'select stipend.get_operator_overview() as overview',
    )
    if (row === undefined) throw new Error('The overview answered no row.')
    return row.overview
  }

  /** Live grants of an organization, in the order in which they are spent. */
  async listGrants(organizationId: string): Promise<LiveGrant[]> {
    const rows = await readAsOrganization<
      Omit<LiveGrant, 'credits' | 'remaining'> & { credits: string; remaining: string }
    >(
      this.#pool,
      organizationId,
      `select id, type, credits, remaining, priority::integer as priority, expires_at as "expiresAt", created_at as "createdAt"
       from stipend.credit_grants where organization_id = $1::text and is_live
       order by priority, expires_at nulls last, created_at, id`,
      [organizationId],
    )
    return rows.map((row) => ({ ...row, credits: credits(row.credits), remaining: credits(row.remaining) }))
  }

  /** Webhook endpoints that fail or were disabled by failures, the longest first; at most 200. */
  async listFailingEndpoints(): Promise<FailingEndpoint[]> {
    return await readAsOperator<FailingEndpoint & { [column: string]: unknown }>(
      this.#pool,
      `select e.organization_id as "organizationId", e.id, substring(e.url from '^[^/]+//[^/]+') as url, e.is_enabled as enabled,
         e.disabled_reason as "disabledReason", e.failing_since as "failingSince", e.last_status as "lastStatus",
         e.last_error as "lastError", d.pending, d.failed
       from stipend.webhook_endpoints e
       cross join lateral (
         select (count(*) filter (where x.status = 'pending'))::integer as pending,
           (count(*) filter (where x.status = 'failed'))::integer as failed
         from stipend.webhook_deliveries x where x.organization_id = e.organization_id and x.endpoint_id = e.id
       ) d
       where e.failing_since is not null or e.disabled_reason in ('failing', 'gone')
       order by e.failing_since nulls last, e.organization_id, e.id limit 200`,
    )
  }

  async listJobs(): Promise<JobStatus[]> {
    return await readAsOperator<JobStatus & { [column: string]: unknown }>(
      this.#pool,
      `select name, ended_at as "endedAt", ms, count::float8 as count, code, last_success_at as "lastSuccessAt",
         runs::float8 as runs, failures::float8 as failures from stipend.job_runs order by name`,
    )
  }

  /** For workers: how a run has ended. */
  async noteJobRun(run: { name: string; ms: number; count: number; code: string | null }): Promise<void> {
    await queryRow(this.#pool, 'select stipend.note_job_run($1::text, $2::integer, $3::bigint, $4::text)', [
      run.name,
      Math.round(run.ms),
      run.count,
      run.code,
    ])
  }

  /** Newest first. */
  async listAudit(input: ListAuditInput = {}): Promise<{ entries: AuditEntry[]; next: number | null }> {
    const limit = requireInteger('limit', input.limit ?? 50, 1, 200)
    const rows = await readAsOperator<AuditRow>(
      this.#pool,
      `select id::float8 as id, actor_type, actor_id, actor_name, action, target, reason, parameters, request_id,
         outcome, created_at
       from stipend.audit_log
       where ($1::text is null or target = $1) and ($2::bigint is null or id < $2)
       order by id desc limit $3::integer`,
      [input.organizationId ?? null, input.before ?? null, limit + 1],
    )
    const entries = rows.slice(0, limit).map((row) => ({
      id: row.id,
      actor: { type: row.actor_type, id: row.actor_id, name: row.actor_name },
      action: row.action,
      organizationId: row.target,
      reason: row.reason,
      parameters: row.parameters,
      requestId: row.request_id,
      outcome: row.outcome,
      createdAt: row.created_at,
    }))
    return { entries, next: rows.length > limit ? (entries.at(-1)?.id ?? null) : null }
  }

  /** Writes an action down before it begins. @returns for {@link finishAudit} */
  async beginAudit(entry: AuditedAction): Promise<string> {
    const { id } = await queryRow<{ id: string }>(
      this.#pool,
      `select stipend.begin_audit($1::text, $2::text, $3::text, $4::text, $5::text, $6::text, $7::jsonb, $8::text) as id`,
      [
        entry.actor.type,
        requireText('actor.id', entry.actor.id),
        storable(entry.actor.name),
        entry.action,
        entry.organizationId ?? null,
        storable(entry.reason),
        jsonText(entry.parameters ?? {}),
        entry.requestId ?? null,
      ],
    )
    return id
  }

  /** Writes down how it ended: `done` or the code of a refusal. */
  async finishAudit(id: string, outcome: string): Promise<void> {
    await queryRow(this.#pool, 'select stipend.finish_audit($1::bigint, $2::text)', [id, outcome])
  }

  /** Runs `work` with an entry in the audit log: written before it begins, its outcome after. */
  async audited<Result>(entry: AuditedAction, work: () => Promise<Result>): Promise<Result> {
    const id = await this.beginAudit(entry)
    try {
      const result = await work()
      await this.finishAudit(id, 'done')
      return result
    } catch (error) {
      // The failure itself is what the caller has to learn of.
      await this.finishAudit(id, error instanceof StipendError ? error.code : 'internal').catch(
        () => undefined,
      )
      throw error
    }
  }
}

/** As PostgreSQL can keep it: what was asked for is written down before anybody has checked it. */
function storable(text: string | null | undefined): string | null {
  return text?.toWellFormed().replaceAll('\u0000', '\ufffd').slice(0, 1_000) ?? null
}

interface OrganizationRow {
  organization_id: string
  name: string
  plan: string
  status: OrganizationSummary['status']
  pending_plan: string | null
  is_unlimited: boolean
  balance: string
  reserved: string
  used_this_period: string
  monthly_allocation: string
  debt: string
  period_end: Date
  last_transaction_at: Date
  created_at: Date
}

interface AuditRow {
  id: number
  actor_type: string
  actor_id: string
  actor_name: string | null
  action: string
  target: string | null
  reason: string | null
  parameters: Record<string, unknown>
  request_id: string | null
  outcome: string | null
  created_at: Date
}

function summaryOf(row: OrganizationRow): OrganizationSummary {
  return {
    organizationId: row.organization_id,
    name: row.name,
    plan: row.plan,
    status: row.status,
    pendingPlan: row.pending_plan,
    isUnlimited: row.is_unlimited,
    balance: credits(row.balance),
    reservedCredits: credits(row.reserved),
    usedThisPeriod: credits(row.used_this_period),
    monthlyAllocation: credits(row.monthly_allocation),
    debtCredits: credits(row.debt),
    periodEndsAt: row.period_end,
    lastTransactionAt: row.last_transaction_at,
    createdAt: row.created_at,
  }
}
