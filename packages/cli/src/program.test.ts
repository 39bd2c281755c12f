import { describe, expect, test } from 'vitest'
import packageJson from '../package.json' with { type: 'json' }
import { stipend } from './test-support/stipend.ts'

const commands = [
  [],
  ['migrate'],
  ['migrate', 'up'],
  ['migrate', 'down'],
  ['migrate', 'status'],
  ['catalog'],
  ['catalog', 'diff'],
  ['catalog', 'push'],
  ['credits'],
  ['credits', 'grant'],
  ['credits', 'adjust'],
  ['prices'],
  ['prices', 'check'],
  ['prices', 'list'],
  ['prices', 'set'],
  ['prices', 'clear'],
  ['margins'],
  ['verify'],
  ['demo'],
  ['demo', 'race'],
]

describe('the program', () => {
  test.each(commands.map((command) => [command.join(' ') || '(none)', command] as const))(
    'helps with examples: %s',
    async (_, command) => {
      const { code, output, errors } = await stipend([...command, '--help'])
      expect({ code, errors }).toEqual({ code: 0, errors: '' })
      expect(output).toContain(`Usage: ${['stipend', ...command].join(' ')}`)
      expect(output).toMatch(/Examples:\n {2}stipend /)
    },
  )

  test('tells its version', async () => {
    expect(await stipend(['--version'])).toEqual({ code: 0, output: `${packageJson.version}\n`, errors: '' })
  })

  test.each([
    [['verfy'], "unknown command 'verfy'", 'Did you mean verify?'],
    [['migrate', 'stats'], "unknown command 'stats'", 'Did you mean status?'],
    [['verify', '--fall'], "unknown option '--fall'", 'Did you mean --full?'],
    [
      ['credits', 'grant', 'acme', '5', '--reason', 'r', '--source', 's'],
      "'--type <type>' not specified",
      '',
    ],
  ])('refuses wrong usage with 2 and a suggestion: %j', async (args, message, suggestion) => {
    const { code, output, errors } = await stipend(args)
    expect({ code, output }).toEqual({ code: 2, output: '' })
    expect(errors).toMatch(/^stipend: /)
    expect(errors).toContain(message)
    expect(errors).toContain(suggestion)
  })

  test('shows its help and exits 2 where no command is given', async () => {
    const { code, errors } = await stipend([])
    expect(code).toBe(2)
    expect(errors).toContain('Usage: stipend')
  })
})

describe('a database that is not there', () => {
  const closed = 'postgres://someone:hidden@127.0.0.1:1/nowhere'
  const commandsOnDatabase = [
    ['verify'],
    ['migrate', 'status'],
    ['credits', 'adjust', 'acme', '1', '--reason', 'test', '--source', 's'],
  ]

  test.each(commandsOnDatabase.map((command) => [command.join(' '), command] as const))(
    'is told in one line, without the password: %s',
    async (_, command) => {
      const { code, output, errors } = await stipend(command, { env: { DATABASE_URL: closed } })
      expect({ code, output }).toEqual({ code: 2, output: '' })
      expect(errors).toMatch(/^stipend: [^\n]*127\.0\.0\.1:1[^\n]*\n$/)
      expect(errors).not.toContain('hidden')
    },
  )

  test('is shown with the stack only where DEBUG asks for it', async () => {
    const env = { DATABASE_URL: closed, DEBUG: 'stipend' }
    expect((await stipend(['migrate', 'status'], { env })).errors).toMatch(/\n {4}at /)
  })

  test('names the variable where none is set', async () => {
    const { code, errors } = await stipend(['verify'])
    expect(code).toBe(2)
    expect(errors).toMatch(/^stipend: No database: set DATABASE_URL to postgres:\/\/[^\n]*\n$/)
  })

  test.each([
    ['DATABASE_URL', 'verify'],
    ['DIRECT_DATABASE_URL', 'migrate status'],
  ])('names the variable that is no URL: %s', async (name, command) => {
    const { code, errors } = await stipend(command.split(' '), { env: { [name]: 'localhost/hidden' } })
    expect({ code, errors }).toEqual({
      code: 2,
      errors: `stipend: ${name} is not of the form postgres://user:password@host:port/database.\n`,
    })
  })
})
