/** What is written on Stripe's objects, to find the way back. What is bound is in the database; this is compared with it. */
export const metadataKeys = {
  organization: 'stipend_organization',
  payment: 'stipend_payment',
  package: 'stipend_package',
  kind: 'stipend_kind',
} as const

export interface PaymentMetadata {
  organizationId: string
  paymentId: string
  package: string
  kind: 'topup' | 'auto_topup'
}

export function paymentMetadata(of: PaymentMetadata): Record<string, string> {
  return {
    [metadataKeys.organization]: of.organizationId,
    [metadataKeys.payment]: of.paymentId,
    [metadataKeys.package]: of.package,
    [metadataKeys.kind]: of.kind,
  }
}

const uuid = /^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/

/** null: no purchase of ours. */
export function readPaymentMetadata(metadata: Record<string, string> | null): {
  organizationId: string | null
  paymentId: string
  package: string | null
  kind: string | null
} | null {
  const paymentId = metadata?.[metadataKeys.payment]
  if (paymentId === undefined || !uuid.test(paymentId)) return null
  return {
    paymentId,
    organizationId: metadata?.[metadataKeys.organization] ?? null,
    package: metadata?.[metadataKeys.package] ?? null,
    kind: metadata?.[metadataKeys.kind] ?? null,
  }
}
