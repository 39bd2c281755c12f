import { createMetering } from '../src/ai/metering.ts'
import { defineCatalog } from '../src/catalog.ts'
import type { Engine } from '../src/engine.ts'

const catalog = defineCatalog({
  models: { mini: 'openai/gpt-4o-mini' },
  capabilities: { reply: { name: 'Reply', estimate: { fast: 0.5 } } },
  plans: { free: { monthlyCredits: 10, priceUsdCents: 0, allows: { reply: { fast: ['mini'] } } } },
})

/** Never called: the compiler checks that names which the catalog does not have do not compile. */
export async function namesAreTyped(engine: Engine<typeof catalog>): Promise<void> {
  const { model, meter } = createMetering(engine)
  const organizationId = 'org_1'
  model({ organizationId, capability: 'reply', quality: 'fast' })
  // @ts-expect-error no such capability
  model({ organizationId, capability: 'replies' })
  // @ts-expect-error no such quality level
  model({ organizationId, capability: 'reply', quality: 'best' })
  // @ts-expect-error no such capability
  meter({ organizationId, capability: 'replies' })
  // @ts-expect-error no such quality level
  meter({ organizationId, capability: 'reply', quality: 'best' })
  // @ts-expect-error no such capability
  await engine.reserveCredits({ organizationId, capability: 'replies' })
  // @ts-expect-error no such quality level
  await engine.checkAIAccess({ organizationId, capability: 'reply', quality: 'best' })
  // @ts-expect-error no such capability
  await engine.executeWithAIAccess({ organizationId, capability: 'replies' }, async () => ({ result: 1 }))
  defineCatalog({
    models: { mini: 'openai/gpt-4o-mini' },
    capabilities: { reply: { name: 'Reply', estimate: { fast: 0.5 } } },
    // @ts-expect-error a plan's list names a model that is not there
    plans: { free: { monthlyCredits: 10, priceUsdCents: 0, allows: { reply: { fast: ['large'] } } } },
  })
}
