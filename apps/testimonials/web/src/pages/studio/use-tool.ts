import { useAIOperationWithCredits } from '@stipend/vue'
import { useQueryClient } from '@tanstack/vue-query'
import { computed, shallowRef, watch } from 'vue'
import { stipendClient } from '../../api/client.ts'
import { type Tool, toolRoutes } from './tools.ts'

/** What the route takes, without the quality level. */
export type ToolBody = Readonly<Record<string, unknown>>

/** A tool's call, and a second one beside it where two qualities are compared. */
export function useTool(tool: Tool) {
  const { capability, path } = toolRoutes[tool]
  const queries = useQueryClient()
  const open = (keepDraft: boolean) =>
    useAIOperationWithCredits<ToolBody>(capability, {
      keepDraft,
      run: ({ input, quality, idempotencyKey, signal, onText }) =>
        stipendClient.run(path, { body: { ...input, quality }, idempotencyKey, signal, onText }),
      textOf: textIn,
    })
  const first = open(true)
  const second = open(false)
  const isComparing = shallowRef(false)
  const canCompare = computed(() => (first.levels?.filter(({ isAllowed }) => isAllowed).length ?? 0) > 1)

  /** The next level up, where the second has none of its own yet. */
  function compare(on: boolean): void {
    isComparing.value = on
    const levels = first.levels?.filter(({ isAllowed }) => isAllowed) ?? []
    const other = levels.find(({ quality }) => quality !== first.quality)
    if (on && other !== undefined && second.quality === first.quality) second.quality = other.quality
  }
  watch([() => first.status, () => second.status], ([one, other]) => {
    if (one === 'done' || other === 'done') void queries.invalidateQueries({ queryKey: ['generations'] })
  })
  return {
    operations: computed(() => (isComparing.value ? [first, second] : [first])),
    isRunning: computed(() => first.isRunning || second.isRunning),
    isComparing,
    canCompare,
    compare,
    start: (body: ToolBody) => {
      void first.start(body)
      if (isComparing.value) void second.start(body)
    },
    stop: () => {
      first.stop()
      second.stop()
    },
  }
}

/** Of an answer of any of the tools. */
function textIn(body: Readonly<Record<string, unknown>>): string {
  const { questions, testimonial, text } = body
  if (Array.isArray(questions)) return questions.join('\n')
  return typeof testimonial === 'string' ? testimonial : String(text ?? '')
}
