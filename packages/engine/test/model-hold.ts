import type { Draw } from './model-pools.ts'

export interface ModelHold {
  status: 'open' | 'settled' | 'released' | 'expired'
  key: string | null
  /** The estimate that was asked for with the key; a raise does not change it. */
  asked: number
  estimate: number
  maximum: number
  isUnlimited: boolean
  isDispatched: boolean
  /** Usage so far. */
  reported: number | null
  leaseMs: number
  /** When and by which step it was admitted, ends, and was given that end: of two equal times the earlier step is due first. */
  createdAt: number
  createdBy: number
  expiresAt: number
  expirySetBy: number
  endedAt: number
  charged: number
  /** What the first settle asked to charge. */
  settled: string | null
  budgetWindow: number | null
  /** Which pools paid. */
  paid: Draw
}
