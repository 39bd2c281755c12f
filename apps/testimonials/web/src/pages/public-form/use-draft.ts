import { type Ref, ref, watch } from 'vue'

/** What a customer has written so far. */
export interface FormDraft {
  /** By question. */
  answers: Record<string, string>
  /** null: they are at the questions. */
  text: string | null
  /** Of the text, where AI wrote it. */
  draftId: string | null
  name: string
}

const empty = (): FormDraft => ({ answers: {}, text: null, draftId: null, name: '' })

/** Survives a reload, in this tab. */
export function useDraft(formId: string): { draft: Ref<FormDraft>; forget(): void } {
  const key = `form-draft:${formId}`
  const draft = ref(readDraft(key))
  watch(draft, (value) => sessionStorage.setItem(key, JSON.stringify(value)), { deep: true })
  return {
    draft,
    forget: () => {
      draft.value = empty()
    },
  }
}

function readDraft(key: string): FormDraft {
  try {
    const kept: unknown = JSON.parse(sessionStorage.getItem(key) ?? 'null')
    return typeof kept === 'object' && kept !== null ? { ...empty(), ...kept } : empty()
  } catch {
    return empty()
  }
}
