import type { Letter } from './mailer.ts'

/** The mails of sign-in. Names come from people: one line each, cut, and never part of a link. */

export function verificationLetter(to: string, url: string): Letter {
  return {
    to,
    subject: 'Confirm your e-mail address',
    text: `Welcome to Testimonials.

Confirm that this address is yours, and then sign in with your password:

${url}

The link works for one hour. If you did not sign up, do nothing: nobody can use the account without it.
`,
  }
}

/** To somebody who has an account already and signs up again; the page says the same to both. */
export function existingAccountLetter(to: string, signInUrl: string): Letter {
  return {
    to,
    subject: 'You have an account already',
    text: `Somebody signed up to Testimonials with this address, which has an account already.

If it was you, sign in, or ask for a new password there:

${signInUrl}

If it was not you, do nothing: nothing has changed.
`,
  }
}

export function resetLetter(to: string, url: string): Letter {
  return {
    to,
    subject: 'Choose a new password',
    text: `Somebody, hopefully you, asked for a new password for your Testimonials account, or confirmed its address in another
browser than the one that signed up.

Choose it here:

${url}

The link works once and for one hour. All your devices are signed out then. If it was not you, do nothing: your
password stays as it is.
`,
  }
}

export function invitationLetter(
  to: string,
  invitation: { organization: string; inviter: string; role: string; url: string },
): Letter {
  const organization = oneLine(invitation.organization)
  return {
    to,
    subject: `Join ${organization} on Testimonials`,
    text: `${oneLine(invitation.inviter)} invites you to ${organization} on Testimonials, as ${invitation.role}.

Sign in or sign up with this address, ${to}, to accept:

${invitation.url}

The invitation stands for 48 hours. If you do not know them, do nothing.
`,
  }
}

const longestName = 80

/** A name that somebody typed, as part of a line of ours. */
function oneLine(name: string): string {
  const line = name.replace(/[\p{C}\p{Z}\s]+/gu, ' ').trim()
  // Mail programs make links of what looks like one.
  const plain = line.replace(/:\/\/|www\./gi, ' ')
  return plain.length > longestName ? `${plain.slice(0, longestName)}…` : plain
}
