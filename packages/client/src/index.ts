/**
 * The typed client of the HTTP API.
 * @module @stipend/client
 */

export { type Answer, type Receipt, readAnswer, receiptIn } from './answer.ts'
export type {
  AccessDecision,
  Capability,
  CreditBalance,
  Problem,
  paths,
  RateLimit,
  TopupPackage,
  Transaction,
  Usage,
} from './api.generated.ts'
export {
  type AccessQuestion,
  type AccessReport,
  createStipendClient,
  type Purchase,
  type RunOptions,
  type StipendClient,
  type StipendClientOptions,
  type TransactionFilters,
  type TransactionPage,
  type UsageQuery,
  type UsageReport,
} from './client.ts'
export {
  clientCodes,
  isProblem,
  problemIn,
  problemOfBody,
  type Remedy,
  StipendProblem,
  unreachable,
} from './problem.ts'
export type { WatchBalanceOptions } from './watch-balance.ts'
