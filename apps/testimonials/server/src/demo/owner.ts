import type { Pool } from 'pg'
import { demoOrganization } from './organization.ts'

/** Has no password: signs in by the link that a start prints, or asks for a password by mail. */
export const demoOwner = { name: 'Maya', email: 'maya@lumen.example' } as const

/** Makes the demo organization known to sign-in, with an owner whose address counts as verified; once. */
export async function putDemoOwner(database: Pool): Promise<void> {
  const { id, name } = demoOrganization
  await database.query(
    `with put_organization as (
       insert into auth.organizations (id, name, slug, created_at)
       values ($1::text, $2::text, $1::text, clock_timestamp())
       on conflict do nothing
     )
     insert into auth.users (id, name, email, email_verified)
     values (gen_random_uuid()::text, $3::text, $4::text, true)
     on conflict do nothing`,
    [id, name, demoOwner.name, demoOwner.email],
  )
  await database.query(
    `insert into auth.members (id, organization_id, user_id, role, created_at)
     select gen_random_uuid()::text, $1::text, users.id, 'owner', clock_timestamp()
     from auth.users where users.email = $2::text
     on conflict do nothing`,
    [id, demoOwner.email],
  )
}
