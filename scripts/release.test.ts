import { execFile } from 'node:child_process'
import { globSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { releaseChangelog } from './changelog.ts'
import { withRepository } from './repository.ts'

const root = join(import.meta.dirname, '..')
const read = (path: string) => readFile(join(root, path), 'utf8')
const manifests = () =>
  Promise.all(
    globSync(['db/package.json', 'packages/*/package.json'], { cwd: root }).map(async (path) =>
      JSON.parse(await read(path)),
    ),
  )

test('CI runs the command that the README gives for the tests', async () => {
  const [, command = ''] = /^## Tests\n\n```sh\n(.+)\n```/m.exec(await read('README.md')) ?? []
  expect(command).toContain('npm test')
  expect(await read('.github/workflows/ci.yml')).toContain(`- run: ${command}\n`)
})

test('a release may prove where it was built, and its scripts are there', async () => {
  const workflow = await read('.github/workflows/release.yml')
  expect(workflow).toContain('id-token: write')
  const { scripts } = JSON.parse(await read('package.json'))
  const named = [...workflow.matchAll(/npm run ([\w-]+)/g)].map(([, name = '']) => name)
  expect(named.toSorted()).toEqual(['release', 'version-packages'])
  expect(Object.keys(scripts)).toEqual(expect.arrayContaining(named))
})

test('all that is published has one version between it', async () => {
  const published = (await manifests()).filter((manifest) => manifest.private !== true)
  const { fixed } = JSON.parse(await read('.changeset/config.json'))
  expect(fixed[0].toSorted()).toEqual(published.map(({ name }) => name).toSorted())
  expect(new Set(published.map(({ version }) => version)).size).toBe(1)
})

test('a package says where it was built; without a word about that nothing is published', () => {
  const builtIn = { server: 'https://git.example', name: 'acme/stipend' }
  expect(withRepository({ name: 'x' }, builtIn, 'packages/x')).toEqual({
    name: 'x',
    repository: { type: 'git', url: 'git+https://git.example/acme/stipend.git', directory: 'packages/x' },
  })
  const own = { repository: 'github:other/one' }
  expect(withRepository(own, builtIn, 'packages/x')).toBe(own)
  expect(() => withRepository({}, { server: undefined, name: undefined }, '.')).toThrow('GITHUB_REPOSITORY')
})

test('what was unreleased becomes that of the version', () => {
  const before = '# Changelog\n\n## Unreleased\n\n- New.\n\n## 0.1.0 (2026-01-01)\n\n- Old.\n'
  const after = releaseChangelog(before, '0.2.0', '2026-02-02')
  expect(after).toBe(
    '# Changelog\n\n## Unreleased\n\n## 0.2.0 (2026-02-02)\n\n- New.\n\n## 0.1.0 (2026-01-01)\n\n- Old.\n',
  )
  expect(releaseChangelog(after, '0.3.0', '2026-03-03')).toBe(after)
})

test('the API reference is made without a warning', async () => {
  const { stderr } = await promisify(execFile)(
    'typedoc',
    ['--options', 'typedoc.config.mjs', '--emit', 'none'],
    {
      cwd: root,
    },
  )
  expect(stderr).not.toMatch(/\[(warning|error)\]/)
}, 120_000)
