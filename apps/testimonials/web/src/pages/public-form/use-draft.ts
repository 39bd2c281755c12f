import { useKept } from '../../api/use-kept.ts'

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

/** Survives a reload, in this tab. */
export function useDraft(formId: string) {
  const { value: draft, forget } = useKept<FormDraft>(`form-draft:${formId}`, () => ({
    answers: {},
    text: null,
    draftId: null,
    name: '',
  }))
  return { draft, forget }
}
