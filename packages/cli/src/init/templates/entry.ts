import type { Choices } from '../choices.ts'
import { mountPath } from './stipend.ts'

type Mounts = Pick<Choices, 'customers'> & { framework: 'hono' | 'express' }

/** What the entry of a Hono or Express app needs, for people to add by hand. */
export function mountLines(mounts: Mounts, stipend: string, app = 'app') {
  const hasAuth = mounts.customers === 'sign-in'
  const isHono = mounts.framework === 'hono'
  const imports = [
    ...(isHono ? [] : [`import { toNodeHandler } from '@stipend/server/node'`]),
    ...(hasAuth && !isHono ? [`import { toNodeHandler as toAuthHandler } from 'better-auth/node'`] : []),
    `import { ${hasAuth ? 'auth, ' : ''}stipend } from '${stipend}'`,
  ]
  const auth = isHono
    ? `${app}.on(['GET', 'POST'], '/api/auth/*', (c) => auth.handler(c.req.raw))`
    : `${app}.all(/^\\/api\\/auth\\//, toAuthHandler(auth))`
  const mount = isHono
    ? `${app}.mount('${mountPath}', stipend.fetch)`
    : `${app}.use('${mountPath}', toNodeHandler(stipend.fetch))`
  const remark = '// Before express.json(): they read bodies themselves.'
  return { imports, mounts: [...(isHono ? [] : [remark]), ...(hasAuth ? [auth] : []), mount] }
}

const appLine = {
  hono: /^(?:export )?const (\w+) = new (?:Hono|OpenAPIHono)(?:<[^\n]*>)?\((?:\{[^()\n]*\})?\)(;?)[ \t]*$/m,
  express: /^(?:export )?const (\w+)(?:: [\w.]+)? = express\(\)(;?)[ \t]*$/m,
} as const

/** The entry with Stipend mounted right after its app is made; null where it is not of the usual form. */
export function mountInEntry(text: string, mounts: Mounts, stipend: string): string | null {
  if (text.includes(mountPath)) return text
  const found = appLine[mounts.framework].exec(text)
  if (found === null) return null
  const [line, app, semicolon = ''] = found
  const { imports, mounts: lines } = mountLines(mounts, stipend, app)
  const end = found.index + line.length
  const ending = (one: string) => (one.startsWith('//') ? one : `${one}${semicolon}`)
  const mounted = `${text.slice(0, end)}\n${lines.map(ending).join('\n')}${text.slice(end)}`
  const lastImport = [
    ...text.slice(0, found.index).matchAll(/^(?:import\b[^\n]*['"]|\} from ['"])[^\n]*$/gm),
  ].at(-1)
  const at = lastImport === undefined ? 0 : lastImport.index + lastImport[0].length
  const block = imports.map(ending).join('\n')
  return at === 0 ? `${block}\n${mounted}` : `${mounted.slice(0, at)}\n${block}${mounted.slice(at)}`
}
