import type { CheckpointKey } from '@stipend/engine'
import type { Timeouts } from '@stipend/engine/ai'
import {
  createStipend,
  type Identify,
  type Logger,
  type NotificationOptions,
  type Stipend,
  type StipendMetricsOptions,
  type StripeOptions,
} from '@stipend/server'
import type { Pool } from 'pg'
import { exportCustomer } from './forms/erase-customer.ts'
import { createEventHandler } from './forms/on-event.ts'
import { defaultFormSettings, type FormSettings } from './forms/settings.ts'
import { exportGenerations } from './generations/generation.ts'
import { clientAddress, senderOf } from './identity/client-address.ts'
import { createSignIn, type SignIn, type SignInOptions } from './identity/sign-in.ts'
import type { Connection } from './listen.ts'
import { createModelRegistry, type ModelRegistry } from './models/registry.ts'
import type { ProviderSettings } from './models/settings.ts'
import { consolePages, memberMail } from './notifications/recipients.ts'
import { defaultNoticeSettings, type NoticeSettings } from './notifications/settings.ts'
import { testimonialRoutes } from './routes/ai.ts'
import { consoleRoutes } from './routes/console.ts'
import { formEntryRoutes } from './routes/form-entries.ts'
import { formRoutes } from './routes/forms.ts'
import { generationRoutes } from './routes/generations.ts'
import { remoteAddressOf } from './routes/identify-customer.ts'
import { memberRoutes } from './routes/members.ts'
import { withPublicCors } from './routes/public-cors.ts'
import { publicFormRoutes } from './routes/public-forms.ts'
import { sessionRoutes } from './routes/session.ts'
import { signInRoutes } from './routes/sign-in.ts'
import { catalog, type TestimonialsCatalog } from './stipend.catalog.ts'

export interface TestimonialsOptions {
  /** As a login that is a member of stipend_server. */
  database: Pool
  /** Model providers; with none the demo provider answers, labelled simulated. */
  providers: ProviderSettings
  /** How people sign in. Default: the routes below /auth are not there. */
  signIn?: TestimonialsSignIn | undefined
  /** Who is signed in in another way, where `signIn` is not given. */
  identify?: Identify | undefined
  /** Takes payments. Default: nobody does. */
  stripe?: StripeOptions | undefined
  logger?: Logger | undefined
  /** Default: there are none. */
  metrics?: StipendMetricsOptions | undefined
  /** Of public forms. Default: nobody can sign in, so that all customers are anonymous. */
  forms?: FormSettings | undefined
  /** Of webhooks and Slack. Default: on public addresses only. */
  notices?: NoticeSettings | undefined
  /** Origins whose pages may call with the browser's credentials. Default: none. */
  allowedOrigins?: readonly string[] | undefined
  /** Where the console was built to. Default: there are no pages, and / leads to the documentation. */
  consoleFolder?: string | undefined
  /** What checkpoints of the ledger and receipts are signed with. Default: nothing is. */
  checkpointKey?: CheckpointKey | undefined
  /** What a scheduler sends to run the jobs below /jobs. Default: nobody may. */
  jobsSecret?: string | undefined
  /** Of model calls. Default 30 s for one and 60 s for a request with all its calls. */
  timeouts?: Partial<Timeouts> | undefined
}

export type TestimonialsSignIn = Omit<SignInOptions, 'allowedOrigins' | 'putOrganization' | 'logger'>

export type TestimonialsStipend = Stipend<TestimonialsCatalog>

/** The testimonials product: Stipend's HTTP API with the product's own routes. */
export interface Testimonials extends TestimonialsStipend {
  registry: ModelRegistry
  signIn: SignIn | null
  fetch(request: Request, connection?: Connection): Promise<Response>
}

export function createTestimonials(
  options: TestimonialsOptions & { signIn: TestimonialsSignIn },
): Testimonials & { signIn: SignIn }
export function createTestimonials(options: TestimonialsOptions): Testimonials
export function createTestimonials(options: TestimonialsOptions): Testimonials {
  const { database, logger } = options
  const registry = createModelRegistry(options.providers)
  const timeouts = { attemptMs: 30_000, totalMs: 60_000, ...options.timeouts }
  const { resolve: providers } = registry
  const { allowedOrigins } = options
  const signIn =
    options.signIn === undefined
      ? null
      : createSignIn({ ...options.signIn, allowedOrigins, logger, putOrganization })
  const settings = options.forms ?? defaultFormSettings
  const stipend = createStipend({
    database,
    catalog,
    identify: signIn?.identify ?? options.identify,
    tokens: signIn === null ? [] : [signIn.tokens],
    stripe: options.stripe,
    checkpointKey: options.checkpointKey,
    jobsSecret: options.jobsSecret,
    logger,
    metrics: options.metrics,
    providers,
    timeouts,
    allowedOrigins: signIn?.trustedOrigins ?? allowedOrigins,
    clientAddress: (request, env) => {
      const forwardedFor = request.headers.get('x-forwarded-for') ?? undefined
      const address = clientAddress(remoteAddressOf(env), forwardedFor, settings.trustedProxies)
      return address === null ? null : senderOf(address)
    },
    onEvent: createEventHandler(database),
    notifications: notificationsOf(options),
    exportHostParty: async ({ organizationId, type, id }) => {
      if (type === 'customer') return exportCustomer(database, { organizationId, customerId: id })
      return type === 'member' ? exportGenerations(database, organizationId, id) : null
    },
  })
  async function putOrganization({ id, name }: { id: string; name: string }): Promise<void> {
    await stipend.engine.putOrganization({ organizationId: id, name, plan: 'free' })
  }
  const { consoleFolder } = options
  if (consoleFolder === undefined) stipend.app.get('/', (c) => c.redirect('docs', 302))
  for (const router of [
    testimonialRoutes(stipend),
    generationRoutes(),
    formRoutes(),
    formEntryRoutes(),
    publicFormRoutes({ database, settings, stipend }),
    memberRoutes(signIn),
    sessionRoutes({
      signIn,
      simulated: registry.providers.includes('demo'),
      payments: stipend.payments?.mode ?? 'none',
    }),
    ...(signIn === null ? [] : [signInRoutes(signIn, settings.trustedProxies)]),
    ...(consoleFolder === undefined ? [] : [consoleRoutes(consoleFolder)]),
  ]) {
    stipend.app.route('/', router)
  }
  const fetch = withPublicCors(async (request, connection) => stipend.app.fetch(request, connection))
  const close = async (graceMs?: number) => {
    await stipend.close(graceMs)
    await signIn?.close()
  }
  return { ...stipend, fetch, registry, signIn, close }
}

/** How organizations are told what happens to them; mails go to their members, where there are any. */
function notificationsOf({
  signIn,
  notices = defaultNoticeSettings,
}: TestimonialsOptions): NotificationOptions {
  if (signIn === undefined) return notices
  const { database, frontendUrl, mailer } = signIn
  return {
    ...notices,
    mail: memberMail(database, (letter) => mailer.send(letter)),
    pages: (organizationId) => consolePages(database, frontendUrl, organizationId),
  }
}
