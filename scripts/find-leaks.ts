import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

export interface LogCheck {
  lines: number
  /** Texts that were looked for, beside the patterns. */
  texts: number
  /** What was found, with the line as far as it may be shown. */
  leaks: string[]
}

/**
 * What no log line may have, whoever made it. A key's prefix of five characters is shown in lists, and advice has
 * `user:password` for a URL's form.
 */
const patterns: Readonly<Record<string, RegExp>> = {
  'an API key': /sp_(?:live|platform)_[\w-]{6,}/,
  'a token': /eyJ[\w-]{8,}\.eyJ[\w-]{8,}(?:\.[\w-]*)?/,
  'a password in a URL': /\b\w+:\/\/(?!user:password@)[^\s:/@"]+:[^\s:/@"]+@/,
  "a provider's key": /\bsk-(?:ant-|proj-)?\w{16,}/,
  'a bearer': /bearer +[\w.~+/-]{16,}/i,
}

/** Looks through the log lines of a run for secrets, prompts and answers. */
export function findLeaks(folder: string): LogCheck {
  const read = (suffix: string) =>
    readdirSync(folder)
      .filter((name) => name.endsWith(suffix))
      .map((name) => readFileSync(join(folder, name), 'utf8'))
  const log = read('.log').join('')
  const lines = log.split('\n').filter((line) => line !== '')
  const texts = new Set(
    read('.private').flatMap((content) =>
      content
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as string),
    ),
  )
  const leaks: string[] = []
  for (const [name, pattern] of Object.entries(patterns)) {
    for (const line of lines.filter((entry) => pattern.test(entry)))
      leaks.push(`${name}: ${hide(line, pattern)}`)
  }
  for (const text of texts) {
    // As a line of JSON has it, or as plain text has it.
    const written = [JSON.stringify(text).slice(1, -1), text].find((form) => log.includes(form))
    if (written === undefined) continue
    const line = lines.find((entry) => entry.includes(written)) ?? ''
    leaks.push(
      `a private text of ${text.length} characters: ${line.replaceAll(written, '[…]').slice(0, 500)}`,
    )
  }
  return { lines: lines.length, texts: texts.size, leaks }
}

function hide(line: string, pattern: RegExp): string {
  return line.replaceAll(new RegExp(pattern, `${pattern.flags}g`), '[…]').slice(0, 500)
}
