import type { StipendProblem } from '@stipend/client'
import { type ComputedRef, computed, type Ref, shallowRef } from 'vue'
import { problemOf } from './use-resource.ts'

/** Something that a person does, once at a time. */
export interface Action<Input extends readonly unknown[], Output> {
  /** The output; null where it was refused or failed: `problem` says why. Nothing happens while it runs. */
  run(...input: Input): Promise<{ output: Output } | null>
  isRunning: Readonly<Ref<boolean>>
  problem: Readonly<Ref<StipendProblem | null>>
  /** What the problem says of a field, by its name. */
  errorOf(field: string): string | null
  /** The field that the problem is about; null: the whole. */
  field: ComputedRef<string | null>
  clear(): void
}

export function useAction<Input extends readonly unknown[], Output>(
  work: (...input: Input) => Promise<Output>,
): Action<Input, Output> {
  const isRunning = shallowRef(false)
  const problem = shallowRef<StipendProblem | null>(null)
  const field = computed(() => {
    const named = problem.value?.particulars['field']
    return typeof named === 'string' ? named : null
  })
  return {
    isRunning,
    problem,
    field,
    errorOf: (name) => (field.value === name ? (problem.value?.detail ?? null) : null),
    clear: () => {
      problem.value = null
    },
    run: async (...input) => {
      if (isRunning.value) return null
      isRunning.value = true
      problem.value = null
      try {
        return { output: await work(...input) }
      } catch (error) {
        problem.value = problemOf(error)
        return null
      } finally {
        isRunning.value = false
      }
    },
  }
}
