const kindsEn: Record<string, string> = { member: 'Member', api_key: 'API key', customer: 'Customer' }
const kindsDe: Record<string, string> = { member: 'Mitglied', api_key: 'API-Schlüssel', customer: 'Kunde' }

const en = {
  /** Somebody whose name is not told; `end`: of the id. */
  unnamed: (type: string, end: string) => `${kindsEn[type] ?? type} …${end}`,
}

const de: typeof en = {
  unnamed: (type, end) => `${kindsDe[type] ?? type} …${end}`,
}

export const apiMessages = { en, de }
