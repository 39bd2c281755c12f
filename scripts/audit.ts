/** Severities with which a run fails; lesser ones are told. */
const refused: ReadonlySet<string> = new Set(['high', 'critical'])

export interface Audit {
  isRefused: boolean
  lines: string[]
}

/** What `npm audit --json` found, out of its standard output. */
export function readAudit(output: string): Audit {
  const report = parse(output)
  const vulnerabilities = objectIn(report, 'vulnerabilities')
  if (vulnerabilities === null) {
    const { statusCode, message } = (report ?? {}) as Readonly<Record<string, unknown>>
    const reason = typeof statusCode === 'number' ? `status ${statusCode}` : firstLine(message)
    return {
      isRefused: false,
      lines: [`npm audit: not checked, the registry does not answer it (${reason})`],
    }
  }
  const found = Object.keys(vulnerabilities)
    .map((name) => ({ name, severity: String(objectIn(vulnerabilities, name)?.['severity'] ?? 'unknown') }))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
  if (found.length === 0) return { isRefused: false, lines: ['npm audit: no known vulnerabilities'] }
  return {
    isRefused: found.some(({ severity }) => refused.has(severity)),
    lines: found.map(({ name, severity }) => `npm audit: ${name} (${severity})`),
  }
}

function parse(output: string): unknown {
  try {
    return JSON.parse(output)
  } catch {
    return null
  }
}

function objectIn(value: unknown, name: string): Readonly<Record<string, unknown>> | null {
  if (typeof value !== 'object' || value === null) return null
  const found = (value as Readonly<Record<string, unknown>>)[name]
  return typeof found === 'object' && found !== null ? (found as Readonly<Record<string, unknown>>) : null
}

/** Without the address that was asked. */
function firstLine(message: unknown): string {
  if (typeof message !== 'string') return 'no answer'
  return (message.split('\n', 1)[0] ?? '').replace(/\s*-?\s*\w+ https?:\S+/, '')
}
