import type Stripe from 'stripe'
import { invalidRequest } from '../api-error.ts'
import { runDue } from '../due.ts'
import { listOf, listParameters } from '../lists.ts'
import type { Route } from '../routes.ts'
import { idOf, type World } from '../world.ts'

export function testClockRoutes(world: World): Route[] {
  const { store } = world
  const path = '/v1/test_helpers/test_clocks'
  return [
    {
      method: 'POST',
      path,
      accepts: ['frozen_time', 'name'],
      handle: (parameters) => {
        const now = world.clock.now()
        const clock: Stripe.TestHelpers.TestClock = {
          id: store.newId('test_clock'),
          object: 'test_helpers.test_clock',
          created: now,
          deletes_after: now + 30 * 86_400,
          frozen_time: parameters.integer('frozen_time') ?? now,
          livemode: false,
          name: parameters.text('name') ?? null,
          status: 'ready',
          status_details: {},
        }
        return store.put('test_clock', clock)
      },
    },
    {
      method: 'GET',
      path,
      accepts: listParameters,
      handle: (parameters) => listOf(path, store.all('test_clock'), parameters),
    },
    { method: 'GET', path: `${path}/:id`, handle: (_, [id = '']) => store.get('test_clock', id) },
    {
      method: 'POST',
      path: `${path}/:id/advance`,
      accepts: ['frozen_time'],
      handle: (parameters, [id = '']) => {
        const clock = store.get('test_clock', id)
        const until = parameters.integer('frozen_time') ?? 0
        if (until <= clock.frozen_time) {
          throw invalidRequest('The frozen time must be later than the clock’s current one.', 'frozen_time')
        }
        runDue(world, id, until, (at) => {
          clock.frozen_time = Math.max(at, clock.frozen_time)
        })
        clock.frozen_time = until
        store.changed()
        world.emit('test_helpers.test_clock.ready', clock)
        // Stripe answers while it works; here the work is done.
        return { ...clock, status: 'advancing' }
      },
    },
    {
      method: 'DELETE',
      path: `${path}/:id`,
      handle: (_, [id = '']) => {
        store.get('test_clock', id)
        for (const customer of store.all('customer')) {
          if (idOf(customer.test_clock) === id) store.delete('customer', customer.id)
        }
        store.delete('test_clock', id)
        return { id, object: 'test_helpers.test_clock', deleted: true }
      },
    },
  ]
}
