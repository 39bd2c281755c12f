import { createStipend, type Identify, type Logger, type Stipend } from '@stipend/server'
import type { Pool } from 'pg'
import { createModelRegistry, type ModelRegistry } from './models/registry.ts'
import type { ProviderSettings } from './models/settings.ts'
import { testimonialRoutes } from './routes/ai.ts'
import { catalog, type TestimonialsCatalog } from './stipend.catalog.ts'

export interface TestimonialsOptions {
  /** As a login that is a member of stipend_server. */
  database: Pool
  /** Model providers; with none the demo provider answers, labelled simulated. */
  providers: ProviderSettings
  identify?: Identify | undefined
  logger?: Logger | undefined
  /** Of one call to a model, and of a request with all its calls. Default 30 s and 60 s. */
  timeouts?: { attemptMs: number; totalMs: number } | undefined
}

/** The testimonials product: Stipend's HTTP API with the product's own routes. */
export interface Testimonials extends Stipend<TestimonialsCatalog> {
  registry: ModelRegistry
}

export function createTestimonials(options: TestimonialsOptions): Testimonials {
  const { database, identify, logger } = options
  const registry = createModelRegistry(options.providers)
  const timeouts = options.timeouts ?? { attemptMs: 30_000, totalMs: 60_000 }
  const stipend = createStipend({ database, catalog, identify, logger })
  stipend.app.get('/', (c) => c.redirect('docs', 302))
  stipend.app.route('/', testimonialRoutes({ registry, timeouts }))
  return { ...stipend, registry }
}
