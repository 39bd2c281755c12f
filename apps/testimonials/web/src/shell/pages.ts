import { ChartColumn, CreditCard, FileText, House, type LucideIcon, Settings, Sparkles } from '@lucide/vue'

/** The pages of an organization, in the order of the navigation. `key`: after `g` it goes there. */
export interface NavigationPage {
  name: 'overview' | 'studio' | 'forms' | 'usage' | 'billing' | 'settings'
  icon: LucideIcon
  key: string
}

export const navigationPages: readonly NavigationPage[] = [
  { name: 'overview', icon: House, key: 'o' },
  { name: 'studio', icon: Sparkles, key: 's' },
  { name: 'forms', icon: FileText, key: 'f' },
  { name: 'usage', icon: ChartColumn, key: 'u' },
  { name: 'billing', icon: CreditCard, key: 'b' },
  { name: 'settings', icon: Settings, key: 'e' },
]
