import type { Timeouts } from '@stipend/engine/ai'
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
  /** Of model calls. Default 30 s for one and 60 s for a request with all its calls. */
  timeouts?: Partial<Timeouts> | undefined
}

export type TestimonialsStipend = Stipend<TestimonialsCatalog>

/** The testimonials product: Stipend's HTTP API with the product's own routes. */
export interface Testimonials extends TestimonialsStipend {
  registry: ModelRegistry
}

export function createTestimonials(options: TestimonialsOptions): Testimonials {
  const { database, identify, logger } = options
  const registry = createModelRegistry(options.providers)
  const timeouts = { attemptMs: 30_000, totalMs: 60_000, ...options.timeouts }
  const { resolve: providers } = registry
  const stipend = createStipend({ database, catalog, identify, logger, providers, timeouts })
  stipend.app.get('/', (c) => c.redirect('docs', 302))
  stipend.app.route('/', testimonialRoutes(stipend))
  return { ...stipend, registry }
}
