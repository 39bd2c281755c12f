import type { PublicForm } from '../../api/api.generated.ts'
import { http, read } from '../../api/client.ts'
import { newKey } from '../../api/new-key.ts'
import { customerHeaders } from './customer-sign-in.ts'
import type { FormDraft } from './use-draft.ts'

type Refinement = PublicForm['refinements'][number]

/** The answers that are not empty, as the server takes them. */
export function answersIn({ questions }: PublicForm, { answers }: FormDraft) {
  return questions
    .map(({ id }) => ({ questionId: id, answer: answers[id]?.trim() ?? '' }))
    .filter(({ answer }) => answer !== '')
}

/** A text out of the answers, or another version of the one that stands. @throws StipendProblem */
export function assemble(form: PublicForm, draft: FormDraft, refinement: Refinement | null) {
  const refining = refinement === null || draft.text === null ? {} : { refinement, previousText: draft.text }
  return read(
    http.POST('/public/forms/{id}/assemble-testimonial', {
      params: { path: { id: form.id }, header: { 'idempotency-key': newKey() } },
      headers: customerHeaders(),
      body: { answers: answersIn(form, draft), ...refining },
    }),
  )
}
