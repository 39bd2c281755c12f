import { type ComputedRef, computed, ref, watchEffect } from 'vue'

export const languages = { en: 'English', de: 'Deutsch' } as const
export type Language = keyof typeof languages

const storageKey = 'language'

/** What the person chose; null: as the browser says. */
export const chosenLanguage = ref<Language | null>(readChoice())

/** BCP 47: decides texts, numbers, dates and plurals. */
export const locale: ComputedRef<string> = computed(() => {
  const chosen = chosenLanguage.value
  if (chosen === null) return browserLocale()
  // The region of the browser, where it speaks that language.
  const own = navigator.languages.find((tag) => languageOf(tag) === chosen)
  return own ?? chosen
})

export const language: ComputedRef<Language> = computed(() => languageOf(locale.value) ?? 'en')

export function chooseLanguage(language: Language | null): void {
  chosenLanguage.value = language
  if (language === null) localStorage.removeItem(storageKey)
  else localStorage.setItem(storageKey, language)
}

/** Texts of one area in the language of the page; the German ones have the type of the English. */
export function useMessages<Texts>(texts: { en: Texts; de: Texts }): ComputedRef<Texts> {
  return computed(() => texts[language.value])
}

watchEffect(() => {
  document.documentElement.lang = language.value
})

function readChoice(): Language | null {
  const chosen = localStorage.getItem(storageKey)
  return chosen === 'en' || chosen === 'de' ? chosen : null
}

/** The first of the browser's languages that the console speaks; English with the browser's formats otherwise. */
function browserLocale(): string {
  return navigator.languages.find((tag) => languageOf(tag) !== null) ?? 'en'
}

function languageOf(tag: string): Language | null {
  const [primary] = tag.toLowerCase().split('-')
  return primary === 'en' || primary === 'de' ? primary : null
}
