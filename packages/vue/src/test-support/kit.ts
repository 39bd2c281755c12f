import { createStipendClient } from '@stipend/client'
import type { ApiKeyScope } from '@stipend/engine'
import { createTestDatabase } from '@stipend/testing'
import { cleanup, type RenderOptions, render } from '@testing-library/vue'
import axe from 'axe-core'
import { expect } from 'vitest'
import { type Component, defineComponent, h } from 'vue'
import { createStipendVue, type StipendVueOptions } from '../index.ts'
import { createKitServer } from './kit-server.ts'

type Options = Omit<StipendVueOptions, 'client'>

/** A real server on a database of its own, and pages on it. */
export async function createKit() {
  const database = await createTestDatabase()
  const stipend = createKitServer(database.server)
  await stipend.engine.pushCatalog({ author: 'test' })
  let count = 0
  const scopesOf: readonly ApiKeyScope[] = ['ai:run', 'credits:read', 'billing:write']
  return {
    stipend,
    /** A new organization and a client that may do everything there. */
    organization: async (plan = 'free', scopes = scopesOf) => {
      count += 1
      const organizationId = `org_${count}`
      await stipend.engine.putOrganization({ organizationId, name: organizationId, plan })
      const { secret } = await stipend.engine.createApiKey({ organizationId, name: 'Ann', scopes })
      return { organizationId, client: clientOf(stipend.fetch, secret) }
    },
    [Symbol.asyncDispose]: async () => {
      cleanup()
      await stipend.close()
      await database[Symbol.asyncDispose]()
    },
  }
}

export type Kit = Awaited<ReturnType<typeof createKit>>
export type KitClient = ReturnType<typeof createStipendClient>

export function clientOf(fetch: (request: Request) => Promise<Response>, secret: string): KitClient {
  return createStipendClient({
    baseUrl: 'http://127.0.0.1',
    fetch,
    headers: { authorization: `Bearer ${secret}` },
  })
}

/** A client whose requests never end, for what shows while loading. */
export function silentClient(): KitClient {
  return clientOf(() => new Promise(() => undefined), '')
}

/** A client of a server that is not there. */
export function unreachableClient(): KitClient {
  return clientOf(() => Promise.reject(new TypeError('fetch failed')), '')
}

export function show(
  component: Component,
  client: KitClient,
  { options, ...rest }: RenderOptions<unknown> & { options?: Options } = {},
) {
  const plugin = createStipendVue({ client, locale: 'en', ...options })
  return render(component as never, { ...(rest as object), global: { plugins: [plugin] } })
}

/** Runs a composable in a component. */
export function use<Result>(composable: () => Result, client: KitClient): Result {
  const results: Result[] = []
  show(
    defineComponent({
      setup: () => {
        results.push(composable())
        return () => h('div')
      },
    }),
    client,
  )
  const [result] = results
  if (result === undefined) throw new Error('The component was not set up.')
  return result
}

/** No violation that a machine can see; colours are checked in a browser. */
export async function expectAccessible(element: Element = document.body): Promise<void> {
  const { violations } = await axe.run(element, {
    rules: { 'color-contrast': { enabled: false }, region: { enabled: false } },
  })
  expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`)).toEqual([])
}
