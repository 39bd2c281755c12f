import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, inject, onTestFinished, test } from 'vitest'
import { publishedPackages } from './pack.ts'

const run = promisify(execFile)

async function filesOf(tarball: string): Promise<string[]> {
  const { stdout } = await run('tar', ['--list', '--gzip', '--file', tarball])
  return stdout
    .trim()
    .split('\n')
    .map((path) => path.replace(/^package\//, ''))
}

async function manifestOf(tarball: string): Promise<Record<string, unknown>> {
  const { stdout } = await run('tar', [
    '--extract',
    '--gzip',
    '--to-stdout',
    '--file',
    tarball,
    'package/package.json',
  ])
  return JSON.parse(stdout)
}

describe.each(publishedPackages)('%s', (name) => {
  const tarball = inject('tarballs')[name]

  test('publint finds nothing', async () => {
    const { stdout } = await run('publint', ['run', '--strict', tarball])
    expect(stdout).toContain('All good!')
  })

  test('npm finds nothing in its manifest to correct, such as a bin that it would leave out', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'stipend-manifest-'))
    onTestFinished(() => rm(folder, { recursive: true, force: true }))
    const manifest = `${JSON.stringify(await manifestOf(tarball), null, 2)}\n`
    await writeFile(join(folder, 'package.json'), manifest)
    await run('npm', ['pkg', 'fix'], { cwd: folder })
    expect(await readFile(join(folder, 'package.json'), 'utf8')).toBe(manifest)
  })

  test('its types resolve as its modules do', async () => {
    // A style sheet has no types.
    const exclude = name === '@stipend/vue' ? ['--exclude-entrypoints', 'style.css'] : []
    await run('attw', [tarball, '--profile', 'esm-only', '--no-color', ...exclude])
  })

  test('it has a README, the licence and what npm needs to know, and neither sources nor tests', async () => {
    const files = await filesOf(tarball)
    expect(files).toEqual(expect.arrayContaining(['README.md', 'LICENSE', 'package.json']))
    expect(files.filter((file) => /(^|\/)src\/|\.test\.|test-support/.test(file))).toEqual([])
    const manifest = await manifestOf(tarball)
    expect(manifest).toMatchObject({
      license: 'Apache-2.0',
      type: 'module',
      publishConfig: { access: 'public', provenance: true },
    })
    expect(manifest['keywords']).toContainEqual(expect.any(String))
    expect(manifest['description']).toEqual(expect.any(String))
  })
})

test('the database’s tarball has every migration and function', async () => {
  const files = await filesOf(inject('tarballs')['@stipend/db'])
  const { stdout } = await run('git', ['ls-files', 'migrations', 'functions'], {
    cwd: new URL('../../../../db', import.meta.url).pathname,
  })
  const sources = stdout
    .trim()
    .split('\n')
    .filter((path) => path.endsWith('.sql'))
  expect(sources.length).toBeGreaterThan(50)
  expect(sources.filter((path) => !files.includes(path))).toEqual([])
})
