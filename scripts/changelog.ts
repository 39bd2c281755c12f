const heading = '## Unreleased'

/** The changelog with what was unreleased under its version, and a new heading above it; unchanged where nothing was. */
export function releaseChangelog(text: string, version: string, day: string): string {
  const begin = text.indexOf(`${heading}\n`)
  if (begin === -1) throw new Error(`CHANGELOG.md has no heading "${heading}".`)
  const rest = text.slice(begin + heading.length + 1)
  const [entries = ''] = rest.split(/^## /m)
  if (entries.trim() === '') return text
  return `${text.slice(0, begin)}${heading}\n\n## ${version} (${day})\n${rest}`
}
