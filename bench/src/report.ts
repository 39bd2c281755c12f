import type { Figure } from './scenario.ts'

/** The number with about three digits that mean something. */
export function formatValue({ value, unit }: Figure): string {
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2
  const text = Number.isInteger(value)
    ? value.toLocaleString('en-US')
    : value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits })
  return unit === '' || unit === '×' ? text : `${text} ${unit}`.replace(' /s', '/s')
}

/** `met`, `ambition met` or `below`; nothing without a target. */
export function verdict(figure: Figure): string {
  if (figure.isMet === null) return ''
  if (!figure.isMet) return 'NOT MET'
  return figure.isAmbitionMet === true ? 'ambition met' : 'met'
}

const columns = ['figure', 'measured', 'target', 'ambition', ''] as const

function cells(figure: Figure): string[] {
  return [figure.name, formatValue(figure), figure.target ?? '', figure.ambition ?? '', verdict(figure)]
}

/** A table for the terminal. */
export function textTable(figures: readonly Figure[]): string {
  const rows = [[...columns], ...figures.map(cells)]
  const widths = columns.map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)))
  const line = (row: string[]) =>
    row
      .map((text, column) => {
        const width = widths[column] ?? 0
        return column === 1 ? text.padStart(width) : text.padEnd(width)
      })
      .join('  ')
      .trimEnd()
  return rows.map(line).join('\n')
}

/** The same table in Markdown. */
export function markdownTable(figures: readonly Figure[]): string {
  const rows = figures.map((figure) => `| ${cells(figure).join(' | ')} |`)
  return [`| ${columns.join(' | ')} |`, '| --- | ---: | --- | --- | --- |', ...rows].join('\n')
}
