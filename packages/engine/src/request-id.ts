import { AsyncLocalStorage } from 'node:async_hooks'

const requestIds = new AsyncLocalStorage<string>()

/** Runs `work` for a request: reports and traces of the model calls that it makes name the id. */
export function withRequestId<Result>(requestId: string, work: () => Result): Result {
  return requestIds.run(requestId, work)
}

/** Of the request that is being worked for; null: none. */
export function currentRequestId(): string | null {
  return requestIds.getStore() ?? null
}
