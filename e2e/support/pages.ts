/** Every page of the console, by a name for pictures, below an organization's address where it begins with `:`. */
export const consolePages = {
  overview: ':overview',
  studio: ':studio?tool=questions',
  'studio-assemble': ':studio?tool=assemble',
  'studio-polish': ':studio?tool=polish',
  forms: ':forms',
  'form-testimonials': ':forms/{formId}',
  'form-submissions': ':forms/{formId}?tab=submissions',
  'form-questions': ':forms/{formId}?tab=questions',
  'form-settings': ':forms/{formId}?tab=settings',
  usage: ':usage/activity',
  'usage-history': ':usage/history',
  'usage-receipt': ':usage/history?entry={entry}',
  'usage-limits': ':usage/limits',
  billing: ':billing?plan=team',
  'settings-members': ':settings/members',
  'settings-invite': ':settings/members?new=1',
  'settings-api-keys': ':settings/api-keys',
  'settings-new-api-key': ':settings/api-keys?new=1',
  'settings-budgets': ':settings/budgets',
  'settings-new-budget': ':settings/budgets?new=1',
  'settings-notifications': ':settings/notifications',
  'settings-webhooks': ':settings/webhooks',
  'settings-new-webhook': ':settings/webhooks?new=1',
  'settings-organization': ':settings/organization',
  'not-found': ':nothing-here',
  'public-form': '/f/{formId}',
} as const

/** Those that nobody has to be signed in for. */
export const signInPages = {
  'sign-in': '/sign-in',
  'sign-up': '/sign-up',
  'forgot-password': '/forgot-password',
  'reset-password': '/reset-password?token=x',
  'accept-invitation': '/accept-invitation?id=x',
} as const

/** Of operators of the platform. */
export const operatorPages = {
  operator: '/app/-/operator',
  'operator-organizations': '/app/-/operator/organizations',
  'operator-organization': '/app/-/operator/organizations/{slug}',
  'operator-catalog': '/app/-/operator/catalog',
  'operator-books': '/app/-/operator/books',
  'operator-prices': '/app/-/operator/prices',
  'operator-audit': '/app/-/operator/audit',
} as const

/** The address of a page with its ids. */
export function addressOf(page: string, given: { slug: string; formId: string; entry: string }): string {
  return page
    .replace(/^:/, `/app/${given.slug}/`)
    .replace('{slug}', given.slug)
    .replace('{formId}', given.formId)
    .replace('{entry}', given.entry)
}
