const access = ['stipend', 'access'] as const
const history = ['stipend', 'history'] as const
const limits = ['stipend', 'limits'] as const

/** Keys in the query cache. */
export const queryKeys = {
  balance: ['stipend', 'balance'],
  access,
  history,
  limits,
  capabilities: ['stipend', 'capabilities'],
  packages: ['stipend', 'packages'],
  /** What a changed balance may change. */
  dependents: [access, history, limits],
} as const
