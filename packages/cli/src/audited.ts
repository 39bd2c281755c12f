import { userInfo } from 'node:os'
import type { AuditedAction, Engine } from '@stipend/engine'

export type CommandAction = Pick<AuditedAction, 'organizationId' | 'reason' | 'parameters'> & {
  /** As it is typed after `stipend`, without arguments, such as `credits grant`. */
  readonly command: string
  /** Default: the login at the operating system. */
  readonly author?: string | undefined
}

/** Runs an operator's command with an entry in the audit log: written before it begins, its outcome after. */
export async function audited<Result>(
  engine: Engine,
  { command, author, ...action }: CommandAction,
  work: () => Promise<Result>,
): Promise<Result> {
  const login = author ?? userInfo().username
  const actor = { type: 'command_line', id: login === '' ? 'unknown' : login }
  return await engine.operator.audited({ ...action, actor, action: `stipend ${command}` }, work)
}
