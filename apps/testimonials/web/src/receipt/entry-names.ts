import { useStipend } from '@stipend/vue'
import type { Transaction } from '../api/api.generated.ts'
import { membersResource } from '../api/use-actor-names.ts'
import { useNames } from '../api/use-names.ts'
import { useResource } from '../api/use-resource.ts'

/** What a row of the ledger is called, and by whom it was caused. */
export function useEntryNames() {
  const { messages } = useStipend()
  const names = useNames()
  const members = useResource(membersResource)
  /** Rows that no person's own call wrote may know an id alone. */
  const memberName = (id: string) =>
    members.data.value?.members.find(({ userId }) => userId === id)?.name ?? null
  return {
    names,
    title: ({ type, capability }: Transaction) =>
      type === 'ai_consumption' && capability !== null
        ? names.capability(capability)
        : messages.value.types[type],
    /** The one line below it. */
    detail: ({ type, quality, model, reason, plan }: Transaction) => {
      const parts =
        type === 'ai_consumption'
          ? [quality === null ? null : names.quality(quality), model === null ? null : names.model(model)]
          : [reason ?? plan]
      return parts.filter((part) => part !== null).join(' · ')
    },
    /** null: nobody, it came with the plan. */
    actor: ({ actor }: Transaction) =>
      actor === null
        ? null
        : names.actor(
            `${actor.type}:${actor.id}`,
            actor.name ?? (actor.type === 'member' ? memberName(actor.id) : null),
          ),
  }
}
