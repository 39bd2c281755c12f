/** Next's route of Stipend's API; `stipend` is the import of `stipend.ts`. */
export function nextRouteFile(stipend: string): string {
  return `import { stipend } from '${stipend}'

const handler = (request: Request) => stipend.fetch(request)

export { handler as DELETE, handler as GET, handler as POST, handler as PUT }
`
}

/** Next's route of sign-in. */
export function nextAuthRouteFile(stipend: string): string {
  return `import { toNextJsHandler } from 'better-auth/next-js'
import { auth } from '${stipend}'

export const { GET, POST } = toNextJsHandler(auth)
`
}

/** Packages that read files of their own at run time. */
const external = ['@stipend/db', '@stipend/engine', '@stipend/server', 'pg']
const externalSetting = `serverExternalPackages: [${external.map((name) => `'${name}'`).join(', ')}],`

export const nextConfigFile = `import type { NextConfig } from 'next'

const config: NextConfig = {
  // They read files of their own at run time, so they are loaded from node_modules, not bundled.
  ${externalSetting}
}
export default config
`

/** Next's settings with the packages that must not be bundled; null where they are not of the usual form. */
export function addExternalPackages(text: string): string | null {
  if (external.every((name) => text.includes(`'${name}'`) || text.includes(`"${name}"`))) return text
  if (text.includes('serverExternalPackages')) return null
  const begin = /^(?:const \w+(?:: NextConfig)? = \{|export default \{|module\.exports = \{)/m.exec(text)
  if (begin === null) return null
  const end = begin.index + begin[0].length
  return `${text.slice(0, end)}\n  // They read files of their own at run time.\n  ${externalSetting}${text.slice(end)}`
}

export const externalAdvice = `Add to your Next settings: ${externalSetting}`
