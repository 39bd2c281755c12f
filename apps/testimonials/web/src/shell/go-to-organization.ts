/** As a new page, so that nothing of the organization before stays on it. */
export function goToOrganizationPage(slug: string, path = 'overview'): void {
  location.assign(`/app/${encodeURIComponent(slug)}/${path}`)
}
