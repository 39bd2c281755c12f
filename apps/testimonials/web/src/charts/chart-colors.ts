import { nextTick, onMounted, shallowRef, watch } from 'vue'
import { isDark } from '../design/theme.ts'

/** Colours of a canvas, which knows no CSS. */
export interface ChartColors {
  series: readonly string[]
  ink: string
  muted: string
  line: string
  surface: string
  raised: string
  font: string
}

/** As the stylesheet says now, and anew when the theme changes; null before the component is there. */
export function useChartColors() {
  const colors = shallowRef<ChartColors | null>(null)
  const update = () => {
    colors.value = readColors()
  }
  onMounted(update)
  watch(isDark, () => nextTick(update))
  return colors
}

function readColors(): ChartColors {
  const style = getComputedStyle(document.documentElement)
  const value = (name: string) => style.getPropertyValue(name).trim()
  return {
    series: [1, 2, 3, 4, 5, 6].map((index) => value(`--chart-${index}`)),
    ink: value('--sp-text'),
    muted: value('--sp-text-muted'),
    line: value('--sp-border'),
    surface: value('--sp-surface'),
    raised: value('--sp-surface-raised'),
    font: style.fontFamily,
  }
}
