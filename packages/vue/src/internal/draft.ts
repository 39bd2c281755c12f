/** What a person wrote, kept in the tab for the way to the payment and back. */
export interface DraftStore<Input> {
  read(): Input | null
  keep(input: Input): void
  forget(): void
}

/** In sessionStorage where there is one and it has room; `input` has to be JSON for that. */
export function createDraftStore<Input>(key: string): DraftStore<Input> {
  const storage = () => (typeof sessionStorage === 'undefined' ? null : sessionStorage)
  return {
    read: () => {
      try {
        const text = storage()?.getItem(key) ?? null
        return text === null ? null : JSON.parse(text)
      } catch {
        return null
      }
    },
    keep: (input) => {
      try {
        storage()?.setItem(key, JSON.stringify(input))
      } catch {
        // Full or forbidden: the draft lives as long as the page.
      }
    },
    forget: () => {
      try {
        storage()?.removeItem(key)
      } catch {
        // Forbidden.
      }
    },
  }
}
