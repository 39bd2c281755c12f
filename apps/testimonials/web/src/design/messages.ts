/** Texts of the design system's own. */
const en = {
  loading: 'Loading',
  retry: 'Try again',
  failed: 'This could not be loaded',
  denied: 'You may not see this',
  deniedHint: (role: string) => `Your role here is ${role}. Ask an admin of the organization.`,
  unreachable: 'The server cannot be reached. Check the connection.',
  request: (id: string) => `Request ${id}`,
  close: 'Close',
  cancel: 'Cancel',
  copy: 'Copy',
  copied: 'Copied',
  more: 'Show more',
  loadingMore: 'Loading more',
  required: 'Fill this in.',
  optional: 'optional',
  simulated: 'Simulated',
  roles: { owner: 'Owner', admin: 'Admin', member: 'Member', viewer: 'Viewer' },
}

const de: typeof en = {
  loading: 'Lädt',
  retry: 'Erneut versuchen',
  failed: 'Das konnte nicht geladen werden',
  denied: 'Das dürfen Sie nicht sehen',
  deniedHint: (role) => `Ihre Rolle ist hier ${role}. Fragen Sie die Verwaltung Ihrer Organisation.`,
  unreachable: 'Der Server ist nicht zu erreichen. Prüfen Sie die Verbindung.',
  request: (id) => `Anfrage ${id}`,
  close: 'Schließen',
  cancel: 'Abbrechen',
  copy: 'Kopieren',
  copied: 'Kopiert',
  more: 'Mehr zeigen',
  loadingMore: 'Lädt mehr',
  required: 'Bitte ausfüllen.',
  optional: 'freiwillig',
  simulated: 'Simuliert',
  roles: { owner: 'Inhaber', admin: 'Verwaltung', member: 'Mitglied', viewer: 'Lesezugriff' },
}

export const designMessages = { en, de }
