import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { findLeaks } from './find-leaks.ts'

function check(files: Readonly<Record<string, string>>) {
  const folder = mkdtempSync(join(tmpdir(), 'stipend-leaks-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content)
  return findLeaks(folder)
}

const good =
  '{"requestId":"1","route":"/reservations","status":201}\n{"msg":"key sp_live_AbCdE… made"}\npostgres://me@localhost/db or postgres://user:password@host/db\n'

test('lines without a secret pass', () => {
  expect(check({ '1.log': good, '2.log': good, '1.private': '"Half of our beans"\n' })).toEqual({
    lines: 6,
    texts: 1,
    leaks: [],
  })
})

// Put together here, so that no file of the repository has the form of a key.
const random = 'x'.repeat(40)
test.each([
  [`{"err":"key sp_live_${random}"}`, 'an API key'],
  [`sp_platform_${random}`, 'an API key'],
  [`{"token":"eyJ${random}.eyJ${random}.${random}"}`, 'a token'],
  ['connecting to postgres://me:kettle@localhost:5432/db', 'a password in a URL'],
  [`sk-proj-${random}`, "a provider's key"],
  [`{"authorization":"Bearer ${random}"}`, 'a bearer'],
])('%s is found', (line, name) => {
  const { leaks } = check({ '1.log': good, '2.log': `${line}\n` })
  expect(leaks).toEqual(expect.arrayContaining([expect.stringContaining(`${name}: `)]))
  expect(leaks.join()).not.toMatch(/x{40}|kettle/)
})

test.each(['Half of our "beans"\nwere stale', 'ann@example.com'])('the private text %j is found', (text) => {
  const marked = { '7.private': `${JSON.stringify(text)}\n` }
  for (const line of [JSON.stringify({ err: `bad: ${text}!` }), `plain ${text}`]) {
    const { leaks } = check({ ...marked, '1.log': `${good}${line}\n` })
    expect(leaks).toHaveLength(1)
    expect(leaks[0]).toMatch(/^a private text of \d+ characters: /)
    expect(leaks[0]).not.toContain('beans')
  }
})
