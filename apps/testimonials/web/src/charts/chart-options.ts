import type { ChartOptions, TooltipItem } from 'chart.js'
import type { ChartColors } from './chart-colors.ts'

const lessMotion = matchMedia('(prefers-reduced-motion: reduce)')

export interface TooltipTexts {
  title(items: readonly TooltipItem<'bar' | 'line'>[]): string
  label(item: TooltipItem<'bar' | 'line'>): string
  footer?(items: readonly TooltipItem<'bar' | 'line'>[]): string
}

/** What all charts have in common: calm axes, one tooltip for all series at a place, motion only where it is wanted. */
export function commonOptions(colors: ChartColors, tooltip: TooltipTexts) {
  const font = { family: colors.font, size: 12 }
  return {
    responsive: true,
    maintainAspectRatio: false,
    animation: lessMotion.matches ? false : { duration: 240 },
    interaction: { mode: 'index', intersect: false },
    font,
    plugins: {
      tooltip: {
        backgroundColor: colors.raised,
        borderColor: colors.line,
        borderWidth: 1,
        cornerRadius: 8,
        padding: 12,
        boxWidth: 8,
        boxHeight: 8,
        boxPadding: 6,
        usePointStyle: true,
        titleColor: colors.ink,
        titleFont: { ...font, weight: 600 },
        bodyColor: colors.muted,
        bodyFont: font,
        footerColor: colors.ink,
        footerFont: { ...font, weight: 500 },
        filter: (item) => item.parsed.y !== 0,
        callbacks: {
          title: (items) => tooltip.title(items),
          label: (item) => tooltip.label(item),
          footer: (items) => tooltip.footer?.(items) ?? '',
        },
      },
    },
  } satisfies ChartOptions<'bar' | 'line'>
}

/** Credits, with few quiet lines. */
export function creditsAxis(colors: ChartColors, format: (credits: number) => string) {
  return {
    beginAtZero: true,
    border: { display: false },
    grid: { color: colors.line, drawTicks: false },
    ticks: {
      color: colors.muted,
      font: { family: colors.font, size: 12 },
      padding: 8,
      maxTicksLimit: 5,
      callback: (value: string | number) => format(Number(value)),
    },
  }
}
