export type { Answer, Receipt } from '@stipend/client'
export { StipendProblem } from '@stipend/client'
export {
  type AIAccessDeniedPromptProps,
  default as AIAccessDeniedPrompt,
} from './components/AIAccessDeniedPrompt.vue'
export { type AIOperationResultProps, default as AIOperationResult } from './components/AIOperationResult.vue'
export {
  type CreditBalanceWidgetProps,
  default as CreditBalanceWidget,
} from './components/CreditBalanceWidget.vue'
export {
  type CreditHistoryTableProps,
  default as CreditHistoryTable,
} from './components/CreditHistoryTable.vue'
export {
  default as QualityLevelSelector,
  type QualityLevelSelectorProps,
} from './components/QualityLevelSelector.vue'
export { default as RateLimitsCard, type RateLimitsCardProps } from './components/RateLimitsCard.vue'
export {
  default as TopupPurchaseModal,
  type TopupPurchaseModalProps,
} from './components/TopupPurchaseModal.vue'
export {
  type AIAccess,
  type AIAccessOptions,
  type QualityLevel,
  useAIAccess,
} from './composables/use-ai-access.ts'
export {
  type AIOperation,
  type AIOperationOptions,
  type AIOperationStatus,
  type RunContext,
  useAIOperationWithCredits,
} from './composables/use-ai-operation-with-credits.ts'
export { type AIRateLimits, useAIRateLimits } from './composables/use-ai-rate-limits.ts'
export { type CreditsApi, useApiForCredits } from './composables/use-api-for-credits.ts'
export { type CreditBalanceState, useCreditBalance } from './composables/use-credit-balance.ts'
export {
  type CreditHistory,
  type CreditHistoryFilters,
  type CreditHistoryOptions,
  useCreditHistory,
} from './composables/use-credit-history.ts'
export type { Formats } from './internal/formats.ts'
export type { ResourceStatus } from './internal/use-resource.ts'
export { german } from './messages/de.ts'
export { english, type Messages } from './messages/en.ts'
export {
  createStipendVue,
  type StipendContext,
  type StipendVue,
  type StipendVueOptions,
  useStipend,
} from './plugin.ts'
