import type { Problem } from './api.generated.ts'

/** What would help, as the server says it. `action` decides which of the other members are there. */
export interface Remedy {
  readonly [particular: string]: unknown
  /** top_up, change_plan, pay, raise_budget, retry, choose, ask_admin, ask_operator, authenticate, use_key, run. */
  readonly action: string
  /** Credits that are missing. */
  readonly shortfall?: number
  readonly topup?: { readonly packageId: string; readonly quantity: number; readonly credits: number } | null
  readonly plan?: {
    readonly plan: string
    readonly name?: string
    readonly priceUsdCents?: number | null
  } | null
  /** ISO 8601. */
  readonly periodEndsAt?: string | null
  readonly resetsAt?: string | null
  readonly retryAfterMs?: number
  readonly allowedQualities?: readonly string[]
  /** The least role that may. */
  readonly role?: string
}

/** Codes of this client's own, beside those of the server. */
export const clientCodes = { unreachable: 'unreachable', unreadable: 'unreadable_answer' } as const

/** A refusal or failure as the server's problem+json says it (RFC 9457), as an Error. */
export class StipendProblem extends Error {
  override readonly name = 'StipendProblem'
  /** Such as insufficient_credits; `unreachable`: no answer came; `unreadable_answer`: it was none of Stipend's. */
  readonly code: string
  /** HTTP status; 0: no answer came. */
  readonly status: number
  readonly title: string
  /** What refused: organization, plan, member, a key's missing scope. */
  readonly scope: string | null
  /** Whether the same request may succeed later without anybody doing anything. */
  readonly retryable: boolean
  /** Milliseconds; null: not known. */
  readonly retryAfterMs: number | null
  readonly remedy: Remedy | null
  /** To be named when the failure is reported. */
  readonly requestId: string | null
  /** Everything that the answer said, with the particulars of its code. */
  readonly particulars: Readonly<Record<string, unknown>>

  constructor(problem: Partial<Problem> & { code: string; status: number }, options: ErrorOptions = {}) {
    super(problem.detail ?? problem.title ?? problem.code, options)
    const remedy = remedyIn(problem)
    this.code = problem.code
    this.status = problem.status
    this.title = problem.title ?? problem.code
    this.scope = problem.scope ?? null
    this.retryable = problem.retryable ?? false
    this.retryAfterMs = numberIn(problem['retryAfterMs']) ?? numberIn(remedy?.retryAfterMs) ?? null
    this.remedy = remedy
    this.requestId = problem.requestId ?? null
    this.particulars = problem
  }

  /** The sentence for the person who asked. */
  get detail(): string {
    return this.message
  }
}

/** The problem that an answer with an error status holds; its body is read. */
export async function problemIn(response: Response): Promise<StipendProblem> {
  const text = await response.text().catch(() => '')
  return problemOfBody(jsonOrNull(text), response)
}

/** {@link problemIn} for a body that was read already. */
export function problemOfBody(body: unknown, response: Response): StipendProblem {
  if (!isProblem(body)) {
    const retryable = response.status >= 500 || response.status === 429
    const title = `The server answered ${response.status} without saying why.`
    return new StipendProblem({ code: clientCodes.unreadable, status: response.status, title, retryable })
  }
  const seconds = Number(response.headers.get('retry-after') ?? Number.NaN)
  const waits = Number.isFinite(seconds) ? { retryAfterMs: seconds * 1000 } : {}
  return new StipendProblem({ ...waits, ...body })
}

/** What a failed fetch threw, as a problem; one that was aborted is thrown on. */
export function unreachable(cause: unknown): StipendProblem {
  if (cause instanceof StipendProblem) return cause
  if (cause instanceof Error && cause.name === 'AbortError') throw cause
  const title = 'The server could not be reached.'
  return new StipendProblem({ code: clientCodes.unreachable, status: 0, title, retryable: true }, { cause })
}

/** Whether a value has the members that every problem has. */
export function isProblem(value: unknown): value is Problem {
  return isObject(value) && typeof value['code'] === 'string' && typeof value['status'] === 'number'
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function jsonOrNull(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

function remedyIn({ remedy }: Partial<Problem>): Remedy | null {
  return isObject(remedy) && typeof remedy.action === 'string' ? remedy : null
}

function numberIn(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined
}
