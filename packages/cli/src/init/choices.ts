import { Option } from 'commander'

/** Whose sign-in tells who a request is from: the app's own, by `identify`, or better-auth, set up in the project. */
export const customersChoices = ['app', 'sign-in'] as const
export type Customers = (typeof customersChoices)[number]

export const frameworkChoices = ['next', 'hono', 'express'] as const
export type Framework = (typeof frameworkChoices)[number]

/** Who takes payments: nobody, Stripe by its keys, or the sandbox that plays Stripe's part. */
export const paymentsChoices = ['none', 'stripe', 'sandbox'] as const
export type Payments = (typeof paymentsChoices)[number]

/**
 * The embedded PostgreSQL in `.stipend`, at the port that the app knows already or a free one; or one that there is,
 * `isGiven` where not by the environment.
 */
export type DatabaseChoice =
  | { readonly kind: 'embedded'; readonly port: number | null }
  | { readonly kind: 'url'; readonly url: string; readonly isGiven: boolean }

export interface Choices {
  readonly database: DatabaseChoice
  readonly customers: Customers
  readonly framework: Framework
  readonly payments: Payments
}

/** As commander hands them over. */
export interface InitOptions {
  readonly databaseUrl?: string
  readonly embedded?: true
  readonly customers?: Customers
  readonly framework?: Framework
  readonly payments?: Payments
  readonly install?: boolean
  readonly dryRun?: true
  readonly force?: true
  readonly yes?: true
}

/** One that takes some words and names them where another is given. */
export function choiceOption(flag: string, description: string, choices: readonly string[]): Option {
  return new Option(flag, description).choices([...choices])
}
