/** What the race tells a process of callers, in this order. */
export type Order =
  | { readonly kind: 'connect'; readonly url: string; readonly organizationId: string }
  | { readonly kind: 'go' }
  | { readonly kind: 'settle' }

/** What such a process tells the race. Amounts in hundredths of credits. */
export type Report =
  | { readonly kind: 'ready' }
  | { readonly kind: 'answer'; readonly caller: number; readonly code: string | null; readonly atMs: number }
  | { readonly kind: 'settled'; readonly calls: number; readonly credits: number }
  | { readonly kind: 'failed'; readonly message: string }
