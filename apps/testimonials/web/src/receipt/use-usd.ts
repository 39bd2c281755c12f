import { computed } from 'vue'
import { locale } from '../i18n/locale.ts'

/** US dollars with all that matters of them: $0.005856, $3. A decimal goes in as the server says it. */
export function useUsd(): (decimal: string) => string {
  const format = computed(
    () =>
      new Intl.NumberFormat(locale.value, {
        style: 'currency',
        currency: 'USD',
        minimumFractionDigits: 2,
        maximumFractionDigits: 9,
      }),
  )
  return (decimal) => format.value.format(Number(decimal))
}
