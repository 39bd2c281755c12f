import { computed, ref, watchEffect } from 'vue'

export const themes = ['system', 'light', 'dark'] as const
export type Theme = (typeof themes)[number]

const storageKey = 'theme'
const systemDark = matchMedia('(prefers-color-scheme: dark)')
const systemIsDark = ref(systemDark.matches)
systemDark.addEventListener('change', ({ matches }) => {
  systemIsDark.value = matches
})

export const theme = ref<Theme>(readTheme())
/** Of what is shown now, also where the system decides. */
export const isDark = computed(() => (theme.value === 'system' ? systemIsDark.value : theme.value === 'dark'))

export function chooseTheme(chosen: Theme): void {
  theme.value = chosen
  if (chosen === 'system') localStorage.removeItem(storageKey)
  else localStorage.setItem(storageKey, chosen)
}

watchEffect(() => {
  if (theme.value === 'system') delete document.documentElement.dataset['theme']
  else document.documentElement.dataset['theme'] = theme.value
})

function readTheme(): Theme {
  const stored = localStorage.getItem(storageKey)
  return themes.find((known) => known === stored) ?? 'system'
}
