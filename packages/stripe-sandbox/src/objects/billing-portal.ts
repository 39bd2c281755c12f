import type Stripe from 'stripe'
import { listOf, listParameters } from '../lists.ts'
import type { Parameters } from '../parameters.ts'
import type { Route } from '../routes.ts'
import type { World } from '../world.ts'

export function billingPortalRoutes(world: World): Route[] {
  const { store } = world
  const path = '/v1/billing_portal/configurations'
  const fields = [
    'features',
    'metadata',
    'business_profile',
    'default_return_url',
    'active',
    'login_page',
    'name',
  ] as const
  return [
    {
      method: 'POST',
      path,
      accepts: fields,
      handle: (parameters) => {
        const now = world.clock.now()
        const configuration = {
          id: store.newId('billing_configuration'),
          object: 'billing_portal.configuration',
          active: true,
          application: null,
          business_profile: { headline: null, privacy_policy_url: null, terms_of_service_url: null },
          created: now,
          default_return_url: parameters.text('default_return_url') ?? null,
          features: featuresOf(parameters),
          is_default: store.all('billing_configuration').length === 0,
          livemode: false,
          login_page: { enabled: false, url: null },
          metadata: parameters.metadata(),
          name: parameters.text('name') ?? null,
          updated: now,
        } as unknown as Stripe.BillingPortal.Configuration
        return store.put('billing_configuration', configuration)
      },
    },
    {
      method: 'GET',
      path,
      accepts: [...listParameters, 'active', 'is_default'],
      handle: (parameters) => {
        const active = parameters.boolean('active')
        const found = store
          .all('billing_configuration')
          .filter((one) => active === undefined || one.active === active)
        return listOf(path, found, parameters)
      },
    },
    { method: 'GET', path: `${path}/:id`, handle: (_, [id = '']) => store.get('billing_configuration', id) },
    {
      method: 'POST',
      path: `${path}/:id`,
      accepts: fields,
      handle: (parameters, [id = '']) => {
        const configuration = store.get('billing_configuration', id)
        if (parameters.has('features')) configuration.features = featuresOf(parameters)
        configuration.active = parameters.boolean('active') ?? configuration.active
        configuration.metadata = parameters.metadata(configuration.metadata ?? {})
        configuration.updated = world.clock.now()
        store.changed()
        return configuration
      },
    },
    portalSessionRoute(world),
  ]
}

function portalSessionRoute(world: World): Route {
  const { store } = world
  return {
    method: 'POST',
    path: '/v1/billing_portal/sessions',
    accepts: ['customer', 'return_url', 'configuration', 'locale'],
    handle: (parameters) => {
      const customer = store.get('customer', parameters.required('customer'), 'customer')
      const id = store.newId('billing_session')
      const configuration =
        parameters.text('configuration') ?? store.all('billing_configuration').at(-1)?.id ?? ''
      const session: Stripe.BillingPortal.Session = {
        id,
        object: 'billing_portal.session',
        configuration,
        created: world.clock.nowOf(customer.id),
        customer: customer.id,
        customer_account: null,
        flow: null,
        livemode: false,
        locale: null,
        on_behalf_of: null,
        return_url: parameters.text('return_url') ?? null,
        url: `${world.pageOrigin}/p/session/${id}`,
      }
      return store.put('billing_session', session)
    },
  }
}

function featuresOf(parameters: Parameters): Stripe.BillingPortal.Configuration.Features {
  const features = parameters.nested('features')
  const isOn = (name: string) => features.nested(name).boolean('enabled') ?? false
  return {
    customer_update: {
      allowed_updates: features.nested('customer_update').texts('allowed_updates'),
      enabled: isOn('customer_update'),
    },
    invoice_history: { enabled: isOn('invoice_history') },
    payment_method_update: { enabled: isOn('payment_method_update'), payment_method_configuration: null },
    subscription_cancel: {
      cancellation_reason: { enabled: false, options: [] },
      enabled: isOn('subscription_cancel'),
      mode: features.nested('subscription_cancel').text('mode') ?? 'at_period_end',
      proration_behavior: 'none',
    },
    subscription_update: {
      billing_cycle_anchor: null,
      default_allowed_updates: [],
      enabled: false,
      proration_behavior: 'none',
      schedule_at_period_end: { conditions: [] },
      trial_update_behavior: 'end_trial',
    },
  } as unknown as Stripe.BillingPortal.Configuration.Features
}
