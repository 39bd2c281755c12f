import { catalog } from './small.catalog.ts'

const { free, pro } = catalog.plans

/** The small catalog with a richer pro plan, one plan more and no top-ups. */
export default {
  ...catalog,
  plans: { free, pro: { ...pro, monthlyCredits: 600 }, team: { ...pro, monthlyCredits: 2000 } },
  topups: {},
}
