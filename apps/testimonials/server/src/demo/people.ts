import type { Role } from '@stipend/server'
import type { Pool } from 'pg'

/** Somebody of the demo organizations. Has no password: signs in by the link of the start, or asks for one by mail. */
export interface DemoPerson {
  /** Of the ledger's rows too. */
  id: string
  name: string
  email: string
}

export const demoOwner = {
  id: 'member-maya',
  name: 'Maya Okafor',
  email: 'maya@lumen-coffee.example',
} as const satisfies DemoPerson

/** Beside the owner, in the demo organization with a past. */
export const demoColleagues = [
  { id: 'member-jonas', name: 'Jonas Lindqvist', email: 'jonas@lumen-coffee.example', role: 'admin' },
  { id: 'member-priya', name: 'Priya Raman', email: 'priya@lumen-coffee.example', role: 'member' },
  { id: 'member-elif', name: 'Elif Aydın', email: 'elif@lumen-coffee.example', role: 'viewer' },
] as const satisfies readonly (DemoPerson & { role: Role })[]

/** Makes an organization known to sign-in, under the id that Stipend knows it by. */
export async function putDemoOrganizationRow(
  database: Pool,
  { id, name }: { id: string; name: string },
): Promise<void> {
  await database.query(
    `insert into auth.organizations (id, name, slug, created_at)
     values ($1::text, $2::text, $1::text, clock_timestamp())
     on conflict do nothing`,
    [id, name],
  )
}

/** Makes somebody whose address counts as verified a member, once. */
export async function putDemoMember(
  database: Pool,
  organizationId: string,
  { id, name, email, role }: DemoPerson & { role: Role },
): Promise<void> {
  await database.query(
    `insert into auth.users (id, name, email, email_verified) values ($1::text, $2::text, $3::text, true)
     on conflict do nothing`,
    [id, name, email],
  )
  await database.query(
    `insert into auth.members (id, organization_id, user_id, role, created_at)
     select gen_random_uuid()::text, $1::text, users.id, $3::text, clock_timestamp()
     from auth.users where users.email = $2::text
     on conflict do nothing`,
    [organizationId, email, role],
  )
}

/** Somebody who was asked and has not answered yet. */
export async function putDemoInvitation(database: Pool, organizationId: string): Promise<void> {
  await database.query(
    `insert into auth.invitations (id, organization_id, email, role, status, expires_at, inviter_id)
     values ('demo-invitation', $1::text, 'sam@lumen-coffee.example', 'member', 'pending',
       clock_timestamp() + interval '48 hours', $2::text)
     on conflict do nothing`,
    [organizationId, demoOwner.id],
  )
}
