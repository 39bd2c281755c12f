import { credits } from '@stipend/engine'
import { cleanup, fireEvent, screen, waitFor, within } from '@testing-library/vue'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { h, nextTick, ref } from 'vue'
import {
  AIAccessDeniedPrompt,
  AIOperationResult,
  CreditBalanceWidget,
  CreditHistoryTable,
  QualityLevelSelector,
  RateLimitsCard,
  StipendProblem,
  TopupPurchaseModal,
} from '../index.ts'
import {
  createKit,
  expectAccessible,
  type Kit,
  show,
  silentClient,
  unreachableClient,
} from '../test-support/kit.ts'

let kit: Kit
beforeAll(async () => {
  kit = await createKit()
})
afterEach(cleanup)
afterAll(() => kit[Symbol.asyncDispose]())

const spend = (organizationId: string, amount: number) =>
  kit.stipend.engine.executeWithAIAccess(
    { organizationId, capability: 'reply', actor: { type: 'member', id: 'ann', name: 'Ann' } },
    async () => ({ result: null, actualCredits: credits(amount) }),
  )

const resources = [
  ['CreditBalanceWidget', CreditBalanceWidget, /Used/],
  ['CreditHistoryTable', CreditHistoryTable, /Monthly credits/],
  ['RateLimitsCard', RateLimitsCard, /per minute/],
] as const

describe.each(resources)('%s', (_name, component, ready) => {
  test('has no accessibility violations', async () => {
    const { client } = await kit.organization()
    show(component, client)
    await screen.findByText(ready)
    await expectAccessible()
  })

  test('while it loads says so', async () => {
    show(component, silentClient())
    expect(screen.getByRole('status', { name: 'Loading' })).toBeTruthy()
    await expectAccessible()
  })

  test('who may not see it is told why, and offered no retry', async () => {
    const { client } = await kit.organization('free', ['ai:run'])
    show(component, client)
    const alert = await screen.findByRole('alert')
    expect(alert.textContent).toContain('This needs the scope credits:read.')
    expect(within(alert).queryByRole('button')).toBeNull()
    await expectAccessible()
  })

  test('a failure offers another try', async () => {
    show(component, unreachableClient())
    const retry = await screen.findByRole('button', { name: 'Try again' }, { timeout: 5_000 })
    expect(screen.getByRole('alert').textContent).toContain('cannot be reached')
    await fireEvent.click(retry)
    await expectAccessible()
  })
})

describe('CreditBalanceWidget', () => {
  test('follows the ledger without reload', async () => {
    const { client, organizationId } = await kit.organization()
    show(CreditBalanceWidget, client)
    expect(await screen.findByText('Live')).toBeTruthy()
    expect(screen.getByRole('img').getAttribute('aria-label')).toBe('0 used, 0 held, 10 left')
    await spend(organizationId, 1.25)
    await waitFor(
      () => expect(screen.getByRole('img').getAttribute('aria-label')).toBe('1.25 used, 0 held, 8.75 left'),
      {
        timeout: 4_000,
      },
    )
    expect(screen.queryByText('Running low')).toBeNull()
    await spend(organizationId, 7)
    expect(await screen.findByText('Running low', {}, { timeout: 4_000 })).toBeTruthy()
  })

  test('says since when it is not live', async () => {
    const { client } = await kit.organization()
    const withoutEvents = { ...client, watchBalance: () => new Promise<void>(() => undefined) }
    show(CreditBalanceWidget, withoutEvents)
    expect((await screen.findByText(/^As of \d/)).textContent).toMatch(/As of \d+:\d\d/)
  })

  test('an unlimited plan has no bar and nothing to top up', async () => {
    const { client } = await kit.organization('team')
    show(CreditBalanceWidget, client)
    expect(await screen.findByText('Unlimited')).toBeTruthy()
    expect(screen.queryByRole('img')).toBeNull()
    expect(screen.queryByRole('button')).toBeNull()
  })

  test('speaks the locale of the app', async () => {
    const { client, organizationId } = await kit.organization()
    await spend(organizationId, 1.25)
    show(CreditBalanceWidget, client, { options: { locale: 'de-DE' } })
    expect(await screen.findByText('Verbraucht')).toBeTruthy()
    expect(screen.getAllByText('8,75').length).toBeGreaterThan(0)
  })
})

describe('CreditHistoryTable', () => {
  test('shows charges as they are booked, in pages, and emits the row chosen', async () => {
    const { client, organizationId } = await kit.organization('pro')
    for (const amount of [1, 2, 3]) await spend(organizationId, amount)
    const { emitted } = show(CreditHistoryTable, client, { props: { pageSize: 2 } })
    expect(await screen.findByText('-3.00')).toBeTruthy()
    expect(screen.queryByText('-1.00')).toBeNull()
    await fireEvent.click(screen.getByRole('button', { name: 'Show more' }))
    expect(await screen.findByText('-1.00')).toBeTruthy()
    expect(screen.getByText('+500.00')).toBeTruthy()
    const [entry] = screen.getAllByRole('button', { name: 'Open reply' })
    if (entry !== undefined) await fireEvent.click(entry)
    expect(emitted('select')).toMatchObject([[{ amount: -3, type: 'ai_consumption' }]])
  })

  test('says that nothing matches', async () => {
    const { client } = await kit.organization()
    show(CreditHistoryTable, client, { props: { filters: { type: 'refund' } } })
    expect(await screen.findByText('Nothing has been booked yet.')).toBeTruthy()
    await expectAccessible()
  })
})

describe('RateLimitsCard', () => {
  test('a plan without limits says so', async () => {
    const { client } = await kit.organization('team')
    show(RateLimitsCard, client)
    expect(await screen.findByText('Your plan has no rate limits.')).toBeTruthy()
  })

  test('counts what is used of each window', async () => {
    const { client, organizationId } = await kit.organization()
    await spend(organizationId, 1)
    show(RateLimitsCard, client, { props: { capability: 'reply' } })
    const meters = await screen.findAllByRole('meter')
    expect(meters.map((meter) => meter.getAttribute('aria-valuetext'))).toEqual(['1 of 20', '1 of 100'])
  })
})

describe('QualityLevelSelector', () => {
  const level = { maximum: null, isAllowed: true, refusal: null }
  const levels = [
    { ...level, quality: 'fast', name: 'Fast', price: 4 },
    { ...level, quality: 'enhanced', name: 'Enhanced', price: 12 },
  ]

  test('has no accessibility violations', async () => {
    show(QualityLevelSelector, silentClient(), { props: { levels, modelValue: 'fast' } })
    expect(screen.getByRole('radio', { name: 'Fast' }).getAttribute('aria-checked')).toBe('true')
    await expectAccessible()
  })

  test('is chosen by click and keyboard, with the price in its description', async () => {
    const { emitted } = show(QualityLevelSelector, silentClient(), { props: { levels, modelValue: 'fast' } })
    const enhanced = screen.getByRole('radio', { name: 'Enhanced' })
    const description = document.getElementById(enhanced.getAttribute('aria-describedby') ?? '')
    expect(description?.textContent).toContain('~12 credits')
    await fireEvent.click(enhanced)
    expect(emitted('update:modelValue')).toEqual([['enhanced']])
  })

  test.each([
    ['while loading', null, 'status'],
    ['without levels', [], undefined],
  ] as const)('%s', async (_name, given, role) => {
    show(QualityLevelSelector, silentClient(), { props: { levels: given } })
    if (role === undefined) expect(screen.getByText(/no quality levels/)).toBeTruthy()
    else expect(screen.getByRole(role)).toBeTruthy()
    await expectAccessible()
  })
})

describe('AIAccessDeniedPrompt', () => {
  async function refusalOf(
    plan: string,
    question: Parameters<typeof kit.stipend.engine.checkAIAccess>[0] | null,
  ) {
    const { client, organizationId } = await kit.organization(plan)
    if (question === null) await spend(organizationId, 8)
    const report = await client.checkAccess({ capability: question?.capability ?? 'reply' })
    const refusal = report.refusal ?? report.qualities[0]?.refusal
    if (refusal === null || refusal === undefined) throw new Error('It was allowed.')
    return { client, refusal: new StipendProblem(refusal) }
  }

  test('has no accessibility violations', async () => {
    const { client, refusal } = await refusalOf('free', null)
    show(AIAccessDeniedPrompt, client, { props: { refusal } })
    await expectAccessible()
  })

  test('short of credits, offers the package that the server names', async () => {
    const { client, refusal } = await refusalOf('free', null)
    show(AIAccessDeniedPrompt, client, { props: { refusal, draftKept: true } })
    expect(screen.getByText('2 credits short')).toBeTruthy()
    expect(screen.getByText(/What you wrote is kept/)).toBeTruthy()
    await fireEvent.click(screen.getByRole('button', { name: 'Top up 100 credits' }))
    const dialog = await screen.findByRole('dialog')
    expect(await within(dialog).findByText('Covers what is missing')).toBeTruthy()
    await expectAccessible()
  })

  test('outside the plan, names the cheapest that allows it', async () => {
    const { client, refusal } = await refusalOf('free', {
      organizationId: '',
      capability: 'summary',
      actor: { type: 'member', id: 'a' },
    } as never)
    const upgraded: string[] = []
    show(AIAccessDeniedPrompt, client, {
      props: { refusal, onUpgrade: (plan: string) => upgraded.push(plan) },
    })
    expect(screen.getByText('Not part of your plan')).toBeTruthy()
    await fireEvent.click(screen.getByRole('button', { name: 'See the plan Pro' }))
    expect(upgraded).toEqual(['pro'])
  })

  test('a rate limit counts down until it may be tried again', async () => {
    const refusal = new StipendProblem({
      code: 'rate_limited',
      status: 429,
      detail: '1 of 1 calls in this minute are used.',
      retryable: true,
      remedy: { action: 'retry', retryAfterMs: 1_500 },
    })
    let retries = 0
    const props = {
      refusal,
      onRetry: () => {
        retries += 1
      },
    }
    show(AIAccessDeniedPrompt, silentClient(), { props })
    const button = screen.getByRole('button', { name: 'Try again in 2 seconds' })
    expect(button).toHaveProperty('disabled', true)
    await fireEvent.click(await screen.findByRole('button', { name: 'Try again' }, { timeout: 4_000 }))
    expect(retries).toBe(1)
  })

  test('offers nothing that nobody listens to', async () => {
    const refusal = new StipendProblem({
      code: 'rate_limited',
      status: 429,
      retryable: true,
      remedy: { action: 'retry', retryAfterMs: 60_000 },
    })
    show(AIAccessDeniedPrompt, silentClient(), { props: { refusal } })
    expect(screen.queryByRole('button')).toBeNull()
    expect(screen.getByText('Try again in 60 seconds')).toBeTruthy()
  })
})

describe('AIOperationResult', () => {
  const receipt = {
    creditsUsed: 1.25,
    creditsEstimated: 4,
    creditsMaximum: 4,
    balanceRemaining: 8.75,
    model: 'openai/gpt-4o-mini',
    quality: 'fast',
    reservationId: 'r1',
    inputTokens: 40,
    outputTokens: 500,
    simulated: true,
    replayed: false,
  }

  test('has no accessibility violations', async () => {
    show(AIOperationResult, silentClient(), { props: { receipt }, slots: { default: () => 'Hello' } })
    await expectAccessible()
  })

  test('the receipt says what was charged of what was held, and opens', async () => {
    show(AIOperationResult, silentClient(), { props: { receipt }, slots: { default: () => 'Hello' } })
    await fireEvent.click(screen.getByRole('button', { name: /1.25 of ~4 held/ }))
    const details = await screen.findByRole('dialog', { name: /^Receipt/ })
    expect(details.textContent).toContain('openai/gpt-4o-mini')
    expect(details.textContent).toContain('40 / 500')
    expect(screen.getByText('Simulated')).toBeTruthy()
    await expectAccessible()
  })

  test('empty, then written, then done', async () => {
    const text = ref('')
    const { rerender } = show(AIOperationResult, silentClient(), {
      props: { receipt: null },
      slots: { default: () => [h('span', text.value)].filter(() => text.value !== '') },
    })
    expect(screen.getByText('The answer appears here.')).toBeTruthy()
    await rerender({ pending: true })
    expect(screen.getByRole('status', { name: 'Writing…' })).toBeTruthy()
    text.value = 'Dear'
    await nextTick()
    expect(screen.getByText('Dear')).toBeTruthy()
  })
})

describe('TopupPurchaseModal', () => {
  test('has no accessibility violations', async () => {
    const { client } = await kit.organization()
    show(TopupPurchaseModal, client, { props: { open: true } })
    expect(await screen.findByRole('radio', { name: /100 credits/ })).toBeTruthy()
    await expectAccessible()
  })

  test('where nothing takes payments the server says so, and nothing is bought', async () => {
    const { client } = await kit.organization()
    const { emitted } = show(TopupPurchaseModal, client, { props: { open: true, navigate: false } })
    await fireEvent.click(await screen.findByRole('button', { name: 'Continue to payment' }))
    expect((await screen.findByRole('alert')).textContent).toMatch(/payments/i)
    expect(emitted('purchase')).toBeUndefined()
  })

  test('who may not buy is told so', async () => {
    const { client } = await kit.organization('free', ['ai:run'])
    show(TopupPurchaseModal, client, { props: { open: true } })
    expect((await screen.findByRole('alert')).textContent).toContain('This needs the scope')
  })
})
