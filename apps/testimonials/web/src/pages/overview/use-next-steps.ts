import { FileText, Gauge, type LucideIcon, TriangleAlert, UserPlus } from '@lucide/vue'
import { useCreditBalance } from '@stipend/vue'
import { computed } from 'vue'
import type { RouteLocationRaw } from 'vue-router'
import { http, read } from '../../api/client.ts'
import { readMembers } from '../../api/members.ts'
import { useNames } from '../../api/use-names.ts'
import { useResource } from '../../api/use-resource.ts'
import { useFormats } from '../../i18n/formats.ts'
import { useMessages } from '../../i18n/locale.ts'
import { may } from '../../session/session.ts'
import { budgetName } from '../usage/budget-name.ts'
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
  const m = useMessages(overviewMessages)
  const usageTexts = useMessages(usageMessages)
  const f = useFormats()
  const names = useNames()
  const { balance, isLow, status } = useCreditBalance()
  const forecast = useForecast()
  const members = useResource({ key: ['members'], load: readMembers })
  const forms = useResource({ key: ['forms'], load: (signal) => read(http.GET('/forms', { signal })) })
  const budgets = useResource({
    key: ['budgets'],
    load: (signal) => read(http.GET('/budgets', { signal })),
    isEnabled: may('admin'),
  })

  const credits = computed((): NextStep[] => {
    const plans = { action: m.value.steps.comparePlans, to: { name: 'plans' } }
    if (balance.value === undefined || balance.value.unlimited) return []
    const spendable = balance.value.spendable ?? 0
    const step = (tone: NextStep['tone'], text: string) => [
      { key: 'credits', icon: TriangleAlert, tone, text, ...plans },
    ]
    if (spendable <= 0) return step('danger', m.value.steps.empty)
    if (isLow.value) return step('warning', m.value.steps.low(f.value.credits(spendable)))
    const { runsOutAt, periodEndsAt } = forecast.data.value ?? { runsOutAt: null, periodEndsAt: '' }
    if (runsOutAt === null || Date.parse(runsOutAt) >= Date.parse(periodEndsAt)) return []
    return step('warning', m.value.steps.runsOutEarly(f.value.shortDate(runsOutAt)))
  })
  const fullBudgets = computed(() =>
    (budgets.data.value?.budgets ?? [])
      .filter(({ usedCredits, limitCredits }) => usedCredits >= limitCredits * fullShare)
      .map((budget): NextStep => {
        const share = f.value.percent(budget.usedCredits / Math.max(budget.limitCredits, 0.01))
        return {
          key: `budget ${budget.id}`,
          icon: Gauge,
          tone: budget.isHard && budget.usedCredits >= budget.limitCredits ? 'danger' : 'warning',
          text: m.value.steps.budget(budgetName(budget, names, usageTexts.value), share),
          action: m.value.steps.seeLimits,
          to: { name: 'usage', params: { tab: 'limits' } },
        }
      }),
  )
  const formSteps = computed((): NextStep[] => {
    const known = forms.data.value?.forms
    if (known === undefined) return []
    if (known.length === 0 && may('admin')) {
      const { noForms: text, newForm: action } = m.value.steps
      return [
        {
          key: 'form',
          icon: FileText,
          tone: 'neutral',
          text,
          action,
          to: { name: 'forms', query: { new: '1' } },
        },
      ]
    }
    return known.flatMap(({ id, name, lastInterruption }) =>
      lastInterruption === null || Date.parse(lastInterruption.at) < Date.now() - newsMs
        ? []
        : {
            key: `form ${id}`,
            icon: TriangleAlert,
            tone: 'warning' as const,
            text: m.value.steps.interrupted(name, f.value.relative(lastInterruption.at)),
            action: m.value.steps.openForm,
            to: { name: 'form', params: { formId: id } },
          },
    )
  })
  const invitations = computed((): NextStep[] => {
    const count = members.data.value?.invitations?.length ?? 0
    if (count === 0 || !may('admin')) return []
    const to = { name: 'settings', params: { section: 'members' } }
    const { invitations: text, seeMembers: action } = m.value.steps
    return [{ key: 'invitations', icon: UserPlus, tone: 'neutral', text: text(count), action, to }]
  })
  return {
    isLoading: computed(() => status.value === 'loading' || forms.status.value === 'loading'),
    steps: computed(() => [...credits.value, ...fullBudgets.value, ...formSteps.value, ...invitations.value]),
  }
}
