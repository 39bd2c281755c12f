import type Stripe from 'stripe'
import { listOf, listParameters } from '../lists.ts'
import type { Route } from '../routes.ts'
import { apiVersion, type World } from '../world.ts'

export function webhookEndpointRoutes(world: World): Route[] {
  const { store } = world
  const path = '/v1/webhook_endpoints'
  return [
    {
      method: 'POST',
      path,
      accepts: ['url', 'enabled_events', 'description', 'metadata', 'api_version'],
      handle: (parameters) => {
        const endpoint: Stripe.WebhookEndpoint = {
          id: store.newId('webhook_endpoint'),
          object: 'webhook_endpoint',
          api_version: parameters.text('api_version') ?? apiVersion,
          application: null,
          created: world.clock.now(),
          description: parameters.text('description') ?? null,
          enabled_events: parameters.texts('enabled_events'),
          livemode: false,
          metadata: parameters.metadata(),
          status: 'enabled',
          url: parameters.required('url'),
        }
        const secret = `whsec_${store.newSuffix()}`
        store.notes(endpoint.id)['secret'] = secret
        store.put('webhook_endpoint', endpoint)
        return { ...endpoint, secret }
      },
    },
    {
      method: 'GET',
      path,
      accepts: listParameters,
      handle: (parameters) => listOf(path, store.all('webhook_endpoint'), parameters),
    },
    { method: 'GET', path: `${path}/:id`, handle: (_, [id = '']) => store.get('webhook_endpoint', id) },
    {
      method: 'POST',
      path: `${path}/:id`,
      accepts: ['url', 'enabled_events', 'description', 'metadata', 'disabled'],
      handle: (parameters, [id = '']) => {
        const endpoint = store.get('webhook_endpoint', id)
        endpoint.url = parameters.text('url') ?? endpoint.url
        if (parameters.has('enabled_events')) endpoint.enabled_events = parameters.texts('enabled_events')
        const disabled = parameters.boolean('disabled')
        if (disabled !== undefined) endpoint.status = disabled ? 'disabled' : 'enabled'
        store.changed()
        return endpoint
      },
    },
    {
      method: 'DELETE',
      path: `${path}/:id`,
      handle: (_, [id = '']) => {
        store.get('webhook_endpoint', id)
        store.delete('webhook_endpoint', id)
        return { id, object: 'webhook_endpoint', deleted: true }
      },
    },
    { method: 'GET', path: '/v1/events/:id', handle: (_, [id = '']) => store.get('event', id) },
    {
      method: 'GET',
      path: '/v1/events',
      accepts: [...listParameters, 'type', 'types', 'created'],
      handle: (parameters) => {
        const types = [
          ...parameters.texts('types'),
          ...(parameters.has('type') ? [parameters.required('type')] : []),
        ]
        const found = store.all('event').filter(({ type }) => types.length === 0 || types.includes(type))
        return listOf('/v1/events', found, parameters)
      },
    },
  ]
}
