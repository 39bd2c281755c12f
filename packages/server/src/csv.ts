export type CsvValue = string | number | null

/**
 * One line of RFC 4180 CSV. A text that a spreadsheet would take for a formula is led by an apostrophe;
 * numbers stay numbers.
 */
export function csvLine(values: readonly CsvValue[]): string {
  return `${values.map(csvCell).join(',')}\r\n`
}

function csvCell(value: CsvValue): string {
  if (value === null) return ''
  if (typeof value === 'number') return String(value)
  // Full-width signs count: spreadsheets of East Asian locales take them for formulas too.
  const text = /^\s*[=+\-@|%＝＋－＠]|^[\t\r\n]/.test(value) ? `'${value}` : value
  return /[",\r\n;\t]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
