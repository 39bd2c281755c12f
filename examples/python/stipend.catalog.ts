import { defineCatalog } from '@stipend/engine'

/** A translation service written in Python: `stipend catalog push --file stipend.catalog.ts`, then its server. */
export const catalog = defineCatalog({
  models: { mini: 'openai/gpt-4o-mini' },
  capabilities: { translation: { name: 'Translation', outputCap: 500, estimate: { fast: 0.5 } } },
  plans: { free: { monthlyCredits: 5, allows: { translation: { fast: ['mini'], perMinute: 60 } } } },
})
