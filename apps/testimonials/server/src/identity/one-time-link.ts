import { AsyncLocalStorage } from 'node:async_hooks'
import { magicLink } from 'better-auth/plugins'

/** Long enough to be clicked from a terminal, no longer. */
const lifetimeSeconds = 60 * 60

/** Where nobody can ask for a link over HTTP: the process hands them out. */
export const oneTimeLinkPath = '/sign-in/magic-link'

/** Links that sign one known person in, once; a plugin that makes them and a way to catch what it would mail. */
export function createOneTimeLinks() {
  const asking = new AsyncLocalStorage<(url: string) => void>()
  const plugin = magicLink({
    expiresIn: lifetimeSeconds,
    disableSignUp: true,
    storeToken: 'hashed',
    sendMagicLink: ({ url }) => {
      const give = asking.getStore()
      if (give === undefined) throw new Error('Links are made for the process that asks, not for mails.')
      give(url)
    },
  })
  /** The link that `ask` makes the plugin send. */
  const catchLink = async (ask: () => Promise<unknown>): Promise<string> => {
    let link: string | null = null
    await asking.run((url) => {
      link = url
    }, ask)
    if (link === null) throw new Error('No link was made.')
    return link
  }
  return { plugin, catchLink }
}
