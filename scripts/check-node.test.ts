import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'

function check(version: string) {
  const path = JSON.stringify(join(import.meta.dirname, 'check-node.cjs'))
  const program = `Object.defineProperty(process.versions, 'node', { value: '${version}' }); require(${path})`
  const { status, stderr } = spawnSync(process.execPath, ['--eval', program], { encoding: 'utf8' })
  return { status, stderr }
}

test('an older Node is told in one sentence', () => {
  const { status, stderr } = check('20.20.2')
  expect(status).toBe(1)
  expect(stderr).toMatch(/^Stipend needs Node 24 or newer, and this is Node 20\.20\.2: .+\n$/)
})

test.each(['24.0.0', '25.1.0', '100.0.0'])('Node %s may go on', (version) => {
  expect(check(version)).toEqual({ status: 0, stderr: '' })
})
