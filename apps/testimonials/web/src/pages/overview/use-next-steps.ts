import { FileText, Gauge, type LucideIcon, TriangleAlert, UserPlus } from '@lucide/vue'
import { useCreditBalance } from '@stipend/vue'
import { type ComputedRef, computed } from 'vue'
import type { RouteLocationRaw } from 'vue-router'
import { http, read } from '../../api/client.ts'
import { membersResource, useActorNames } from '../../api/use-actor-names.ts'
import { useNames } from '../../api/use-names.ts'
import { type ResourceStatus, useResource } from '../../api/use-resource.ts'
import { useFormats } from '../../i18n/formats.ts'
import { useMessages } from '../../i18n/locale.ts'
import { may } from '../../session/session.ts'
import { budgetName } from '../usage/budget-name.ts'
import { budgetsResource } from '../usage/budgets-resource.ts'
import { usageMessages } from '../usage/messages.ts'
import { overviewMessages } from './messages.ts'
import { useForecast } from './use-forecast.ts'

export interface NextStep {
  key: string
  icon: LucideIcon
  tone: 'danger' | 'warning' | 'neutral'
  text: string
  action: string
  to: RouteLocationRaw
}

/** An interruption of a form longer ago is no news. */
const newsMs = 7 * 86_400_000
const fullShare = 0.8

/** What asks for somebody's attention, the most urgent first. What may not be seen, or failed, asks for nothing. */
export function useNextSteps() {
  const sources = [useCreditSteps(), useBudgetSteps(), useFormSteps(), useInvitationSteps()]
  const some = (wanted: ResourceStatus) =>
    computed(() => sources.some(({ statuses }) => statuses.some(({ value }) => value === wanted)))
  return {
    isLoading: some('loading'),
    /** Something was not told, so that no steps does not mean that all is well. */
    isPartial: some('error'),
    steps: computed(() => sources.flatMap(({ steps }) => steps.value)),
  }
}

/** What one part of the console says is to be done, and whether it could be asked. */
interface StepSource {
  steps: ComputedRef<readonly NextStep[]>
  statuses: readonly ComputedRef<ResourceStatus>[]
}

function useCreditSteps(): StepSource {
  const m = useMessages(overviewMessages)
  const f = useFormats()
  const { balance, isLow, status } = useCreditBalance()
  const forecast = useForecast()
  const steps = computed((): NextStep[] => {
    if (balance.value === undefined || balance.value.unlimited) return []
    const step = (tone: NextStep['tone'], text: string): NextStep[] => [
      {
        key: 'credits',
        icon: TriangleAlert,
        tone,
        text,
        action: m.value.steps.comparePlans,
        to: { name: 'billing' },
      },
    ]
    const spendable = balance.value.spendable ?? 0
    if (spendable <= 0) return step('danger', m.value.steps.empty)
    if (isLow.value) return step('warning', m.value.steps.low(f.value.credits(spendable)))
    const runsOutAt = forecast.data.value?.runsOutAt ?? null
    return runsOutAt === null ? [] : step('warning', m.value.steps.runsOutEarly(f.value.shortDate(runsOutAt)))
  })
  return { steps, statuses: [status, forecast.status] }
}

function useBudgetSteps(): StepSource {
  const m = useMessages(overviewMessages)
  const texts = useMessages(usageMessages)
  const f = useFormats()
  const names = useNames()
  const budgets = useResource({ ...budgetsResource, isEnabled: may('admin') })
  const full = computed(() =>
    (budgets.data.value?.budgets ?? []).filter(
      ({ usedCredits, limitCredits }) => usedCredits >= limitCredits * fullShare,
    ),
  )
  const actors = useActorNames(() => full.value.length > 0)
  const steps = computed(() =>
    full.value.map((budget): NextStep => {
      const { usedCredits, limitCredits } = budget
      const share = f.value.percent(usedCredits / Math.max(limitCredits, 0.01))
      return {
        key: `budget ${budget.id}`,
        icon: Gauge,
        tone: budget.isHard && usedCredits >= limitCredits ? 'danger' : 'warning',
        text: m.value.steps.budget(budgetName(budget, names, actors.value, texts.value), share),
        action: m.value.steps.seeLimits,
        to: { name: 'usage', params: { tab: 'limits' } },
      }
    }),
  )
  return { steps, statuses: may('admin') ? [budgets.status] : [] }
}

function useFormSteps(): StepSource {
  const m = useMessages(overviewMessages)
  const f = useFormats()
  const { data, status } = useResource({
    key: ['forms'],
    load: (signal) => read(http.GET('/forms', { signal })),
  })
  const steps = computed((): NextStep[] => {
    if (data.value === undefined) return []
    const { noForms, newForm, interrupted, openForm } = m.value.steps
    if (data.value.forms.length === 0 && may('admin')) {
      const to = { name: 'forms', query: { new: '1' } }
      return [{ key: 'form', icon: FileText, tone: 'neutral', text: noForms, action: newForm, to }]
    }
    return data.value.forms.flatMap(({ id, name, lastInterruption }): NextStep[] => {
      if (lastInterruption === null || Date.parse(lastInterruption.at) < Date.now() - newsMs) return []
      const text = interrupted(name, f.value.relative(lastInterruption.at))
      const to = { name: 'form', params: { formId: id } }
      return [{ key: `form ${id}`, icon: TriangleAlert, tone: 'warning', text, action: openForm, to }]
    })
  })
  return { steps, statuses: [status] }
}

function useInvitationSteps(): StepSource {
  const m = useMessages(overviewMessages)
  const members = useResource({ ...membersResource, isEnabled: may('admin') })
  const steps = computed((): NextStep[] => {
    const count = members.data.value?.invitations.length ?? 0
    const { invitations, seeMembers } = m.value.steps
    const to = { name: 'settings', params: { section: 'members' } }
    return count === 0
      ? []
      : [
          {
            key: 'invitations',
            icon: UserPlus,
            tone: 'neutral',
            text: invitations(count),
            action: seeMembers,
            to,
          },
        ]
  })
  return { steps, statuses: may('admin') ? [members.status] : [] }
}
