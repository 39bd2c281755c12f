import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Choices } from './choices.ts'
import { type FileChange, withSettings } from './files.ts'
import type { Project } from './project.ts'

/** Where the sandbox listens unless `.env` says otherwise: the port of Stripe's own stand-in. */
const sandboxUrl = 'http://127.0.0.1:12111'
const appUrl = 'http://localhost:3000'

/** `.env` with what this machine needs and it does not set yet; null: nothing is missing. */
export function planSettings(
  project: Project,
  choices: Choices,
  databaseUrl: string | null,
): FileChange | null {
  const path = join(project.directory, '.env')
  const before = existsSync(path) ? readFileSync(path, 'utf8') : null
  const after = withSettings(before, [
    ...(databaseUrl === null ? [] : [['DATABASE_URL', plain(databaseUrl)] as [string, string]]),
    ...(choices.customers === 'sign-in' ? signInSettings() : []),
    ...(choices.payments === 'sandbox' ? sandboxSettings() : []),
  ])
  return after === (before ?? '') ? null : { path: '.env', before, after, kind: 'lines' }
}

/** A URL without what some readers of `.env` take for a comment, a quote or a variable. */
function plain(url: string): string {
  return url.replaceAll(/[#$'"`\\\s]/g, (character) => encodeURIComponent(character).replace("'", '%27'))
}

function signInSettings(): [string, string][] {
  return [
    ['BETTER_AUTH_SECRET', randomBytes(32).toString('base64url')],
    ['BETTER_AUTH_URL', appUrl],
  ]
}

function sandboxSettings(): [string, string][] {
  return [
    ['STIPEND_SANDBOX', '1'],
    ['STRIPE_API_BASE', sandboxUrl],
    ['STRIPE_SECRET_KEY', 'sk_test_sandbox'],
    ['STRIPE_WEBHOOK_SECRET', `whsec_${randomBytes(24).toString('base64')}`],
    ['FRONTEND_URL', appUrl],
  ]
}

/** For people to see: the names, and no value. */
export function maskSettings(text: string): string {
  return text.replaceAll(/^(\s*(?:export\s+)?[A-Z][A-Z0-9_]*\s*=).*$/gm, '$1…')
}
