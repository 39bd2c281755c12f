import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join, resolve } from 'node:path'
import { text } from 'node:stream/consumers'
import { createEngine } from '@stipend/engine'
import { createTestDatabase } from '@stipend/testing'
import { expect, onTestFinished, test } from 'vitest'
import { catalog } from './stipend.catalog.ts'

const root = resolve(import.meta.dirname, '../..')
/** How long what `runs-on` is watched, and what `timeout` then exits with. */
const RUNS_ON_SECONDS = 8
const TIMED_OUT = 124

/**
 * A fenced block of a guide. Its words after the language say what it is for: `file=NAME` is written, `output` is what
 * the commands before print (`…` stands for anything), `exits=N` is their exit code if it is not 0, `runs-on` that they
 * do not end. `stripe` needs
 * Stripe's real account; `by-hand` a machine of its own or an address that is made up; `restore` is run by
 * restore.test.ts.
 */
interface Block {
  readonly language: string
  readonly words: readonly string[]
  readonly content: string
}

const folders = ['docs/guide', 'docs/operating', 'docs/operating/runbooks']
const guides = folders.flatMap((folder) =>
  readdirSync(join(root, folder))
    .filter((name) => name.endsWith('.md'))
    .map((name) => ({ path: `${folder}/${name}`, blocks: blocksOf(join(root, folder, name)) })),
)
const isSkipped = ({ words }: Block) => ['stripe', 'by-hand', 'restore'].some((word) => words.includes(word))
const runnable = guides.filter(({ blocks }) =>
  blocks.some((block) => block.language === 'sh' && !isSkipped(block)),
)

test('guides have commands that are run, and only known words beside them', () => {
  expect(runnable.length).toBeGreaterThanOrEqual(5)
  const unknown = guides.flatMap(({ path, blocks }) =>
    blocks
      .filter(({ language }) => language === 'sh' || language === 'text')
      .flatMap(({ words }) =>
        words.filter((word) => !/^(?:stripe|by-hand|restore|output|runs-on|exits=\d)$/.test(word)),
      )
      .map((word) => `${path}: ${word}`),
  )
  expect(unknown).toEqual([])
})

test.each(runnable)(
  'the commands of $path do what it says',
  { timeout: 120_000 },
  async ({ path, blocks }) => {
    await using database = await createTestDatabase()
    // Runbooks are of an installation that has its catalog.
    if (path.includes('/runbooks/'))
      await createEngine({ database: database.server, catalog }).pushCatalog({ author: 'test' })
    const directory = mkdtempSync(join(tmpdir(), 'stipend-guide-'))
    onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
    symlinkSync(join(root, 'node_modules'), join(directory, 'node_modules'))
    let printed = ''
    for (const block of blocks) {
      const { language, words, content } = block
      const file = words.find((word) => word.startsWith('file='))?.slice('file='.length)
      if (file !== undefined) writeFileSync(join(directory, basename(file)), content)
      if (language === 'sh' && !isSkipped(block)) {
        const isEndless = words.includes('runs-on')
        const ended = await shell(content, directory, database, isEndless ? RUNS_ON_SECONDS : null)
        const exits = words.find((word) => word.startsWith('exits='))?.slice('exits='.length)
        const wanted = isEndless ? TIMED_OUT : Number(exits ?? 0)
        expect(ended.code, `${content}${ended.printed}`).toBe(wanted)
        printed = ended.printed
      }
      if (language === 'text' && words.includes('output')) {
        for (const line of content.trim().split('\n')) expect(printed).toMatch(patternOf(line))
      }
    }
  },
)

function blocksOf(path: string): Block[] {
  const found = readFileSync(path, 'utf8').matchAll(/^( *)```(\w+)([^\n]*)\n(.*?)^\1```$/gms)
  return [...found].map(([, indent = '', language = '', words = '', content = '']) => ({
    language,
    words: words
      .trim()
      .split(' ')
      .filter((word) => word !== ''),
    content: content.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
  }))
}

/** Stops at the first command that fails, and has nothing of this process's environment. */
async function shell(
  commands: string,
  directory: string,
  database: { serverUrl: string; ownerUrl: string },
  seconds: number | null,
): Promise<{ code: number | null; printed: string }> {
  const bash = ['bash', '-euo', 'pipefail', '-c', commands]
  const [program = '', ...args] = seconds === null ? bash : ['timeout', String(seconds), ...bash]
  const child = spawn(program, args, {
    cwd: directory,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: `${dirname(process.execPath)}:${join(root, 'node_modules/.bin')}:/usr/local/bin:/usr/bin:/bin`,
      HOME: directory,
      DATABASE_URL: database.serverUrl,
      DIRECT_DATABASE_URL: database.ownerUrl,
    },
  })
  const [output, errors, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close'),
  ])
  return { code, printed: `${output}${errors}` }
}

function patternOf(line: string): RegExp {
  const parts = line.split('…').map((part) => RegExp.escape(part))
  return new RegExp(parts.join('.*'))
}
