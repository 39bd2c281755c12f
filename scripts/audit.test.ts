import { expect, test } from 'vitest'
import { readAudit } from './audit.ts'

const report = (severities: Readonly<Record<string, string>>) =>
  JSON.stringify({
    auditReportVersion: 2,
    vulnerabilities: Object.fromEntries(
      Object.entries(severities).map(([name, severity]) => [name, { name, severity, via: [], range: '*' }]),
    ),
    metadata: {},
  })

test('nothing found is said', () => {
  expect(readAudit(report({}))).toEqual({ isRefused: false, lines: ['npm audit: no known vulnerabilities'] })
})

test.each([
  ['critical', true],
  ['high', true],
  ['moderate', false],
  ['low', false],
])('one that is %s', (severity, isRefused) => {
  expect(readAudit(report({ zlib: 'low', left: severity }))).toEqual({
    isRefused,
    lines: [`npm audit: left (${severity})`, 'npm audit: zlib (low)'],
  })
})

test.each([
  [
    JSON.stringify({ message: '405 Method Not Allowed - POST https://npm.example/bulk', statusCode: 405 }),
    'status 405',
  ],
  [
    JSON.stringify({ message: '405 Method Not Allowed - POST https://npm.example/bulk' }),
    '405 Method Not Allowed',
  ],
  [JSON.stringify({ error: { code: 'ENOLOCK' } }), 'no answer'],
  ['', 'no answer'],
])('a registry that does not answer is said, and not where it is', (output, reason) => {
  expect(readAudit(output)).toEqual({
    isRefused: false,
    lines: [`npm audit: not checked, the registry does not answer it (${reason})`],
  })
})
