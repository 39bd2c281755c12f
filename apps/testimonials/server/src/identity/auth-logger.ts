import type { Logger } from '@stipend/server'

/** What went wrong, in the words of code alone: messages and fields may hold addresses, links or tokens. */
export function authLogger(logger: Logger | undefined) {
  return {
    level: 'error' as const,
    disableColors: true,
    log: (_level: string, _message: string, ...args: unknown[]) => {
      const error = args.find((argument) => argument instanceof Error)
      logger?.error(
        { code: 'sign_in_failed', ...(error === undefined ? {} : describe(error)) },
        'sign-in failed',
      )
    },
  }
}

/** Name, PostgreSQL's or Node's code, and where: a stack without its first lines, which repeat the message. */
function describe(error: Error) {
  const code = 'code' in error && typeof error.code === 'string' ? { reason: error.code } : {}
  const at = (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line))
  return { name: error.name, ...code, at: at.slice(0, 6).map((line) => line.trim()) }
}
