import { type Formats, useStipend } from '@stipend/vue'
import { type ComputedRef, computed } from 'vue'
import { locale } from './locale.ts'

/** What the console shows beside what @stipend/vue formats. */
export interface ConsoleFormats extends Formats {
  /** 0.412 as 41 %. */
  percent(share: number): string
  /** Mon 3 Nov, of a UTC day such as 2026-11-03. */
  day(day: string): string
  /** 3 Nov, of a UTC day. */
  shortDay(day: string): string
  /** 3 Nov, of a time. */
  shortDate(time: string | Date): string
  /** In 3 days, 2 hours ago. */
  relative(time: string | Date): string
  list(items: readonly string[]): string
}

const units = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
] as const

/** Numbers, times and plurals in the person's locale. */
export function useFormats(): ComputedRef<ConsoleFormats> {
  const { formats } = useStipend()
  return computed(() => {
    const tag = locale.value
    const percent = new Intl.NumberFormat(tag, { style: 'percent', maximumFractionDigits: 0 })
    const day = new Intl.DateTimeFormat(tag, {
      weekday: 'short',
      day: 'numeric',
      month: 'short',
      timeZone: 'UTC',
    })
    const shortDay = new Intl.DateTimeFormat(tag, { day: 'numeric', month: 'short', timeZone: 'UTC' })
    const shortDate = new Intl.DateTimeFormat(tag, { day: 'numeric', month: 'short' })
    const relative = new Intl.RelativeTimeFormat(tag, { numeric: 'auto' })
    const list = new Intl.ListFormat(tag, { type: 'conjunction' })
    return {
      ...formats.value,
      percent: (share) => percent.format(share),
      day: (value) => day.format(new Date(`${value}T00:00:00Z`)),
      shortDay: (value) => shortDay.format(new Date(`${value}T00:00:00Z`)),
      shortDate: (value) => shortDate.format(new Date(value)),
      relative: (value) => {
        const ms = new Date(value).getTime() - Date.now()
        const [unit, size] = units.find(([, length]) => Math.abs(ms) >= length) ?? ['minute', 60_000]
        return relative.format(Math.round(ms / size), unit)
      },
      list: (items) => list.format(items),
    }
  })
}
