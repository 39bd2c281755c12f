import { StartError } from '../start-error.ts'

/** Of what organizations are told. */
export interface NoticeSettings {
  /** Webhook endpoints and Slack addresses on one's own network, and http. */
  allowPrivate: boolean
  /** Seals their secrets in the database. */
  secretsKey?: string | undefined
}

export const defaultNoticeSettings: NoticeSettings = { allowPrivate: false }

const shortestKey = 32

/** Reads the settings by the names that README.md lists. @throws StartError */
export function noticeSettings(read: (name: string) => string | undefined): NoticeSettings {
  const secretsKey = read('SECRETS_KEY')
  const allowed = read('WEBHOOKS_ALLOW_PRIVATE') ?? '0'
  if (!['0', '1'].includes(allowed)) {
    throw new StartError(`WEBHOOKS_ALLOW_PRIVATE=${allowed} is neither 0 nor 1.`)
  }
  if (secretsKey !== undefined && secretsKey.length < shortestKey) {
    throw new StartError(`SECRETS_KEY is shorter than ${shortestKey} characters: openssl rand -base64 32`)
  }
  return { allowPrivate: allowed === '1', secretsKey }
}
