import type Stripe from 'stripe'
import { invalidRequest } from '../api-error.ts'
import { listOf, listParameters } from '../lists.ts'
import type { Parameters } from '../parameters.ts'
import type { Route } from '../routes.ts'
import type { World } from '../world.ts'

const fields = [
  'id',
  'name',
  'description',
  'active',
  'metadata',
  'default_price_data',
  'url',
  'unit_label',
] as const

export function productRoutes(world: World): Route[] {
  const { store } = world
  const path = '/v1/products'
  return [
    { method: 'POST', path, accepts: fields, handle: (parameters) => createProduct(world, parameters) },
    { method: 'GET', path: `${path}/:id`, handle: (_, [id = '']) => store.get('product', id) },
    {
      method: 'POST',
      path: `${path}/:id`,
      accepts: ['name', 'description', 'active', 'metadata', 'default_price'],
      handle: (parameters, [id = '']) => {
        const product = store.get('product', id)
        product.name = parameters.text('name') ?? product.name
        product.description = parameters.text('description') ?? product.description
        product.active = parameters.boolean('active') ?? product.active
        product.metadata = parameters.metadata(product.metadata)
        product.updated = world.clock.now()
        store.changed()
        world.emit('product.updated', product)
        return product
      },
    },
    {
      method: 'GET',
      path,
      accepts: [...listParameters, 'active', 'ids'],
      handle: (parameters) => {
        const active = parameters.boolean('active')
        const found = store
          .all('product')
          .filter((product) => active === undefined || product.active === active)
        return listOf(path, found, parameters)
      },
    },
  ]
}

export function createProduct(world: World, parameters: Parameters): Stripe.Product {
  const { store, clock } = world
  const id = parameters.text('id') ?? store.newId('product')
  if (store.find('product', id) !== undefined) {
    throw invalidRequest(`Product already exists: ${id}`, 'id', 'resource_already_exists')
  }
  const now = clock.now()
  const product: Stripe.Product = {
    id,
    object: 'product',
    active: parameters.boolean('active') ?? true,
    created: now,
    default_price: null,
    description: parameters.text('description') ?? null,
    images: [],
    livemode: false,
    marketing_features: [],
    metadata: parameters.metadata(),
    name: parameters.required('name'),
    package_dimensions: null,
    shippable: null,
    statement_descriptor: null,
    tax_code: null,
    tax_details: null,
    type: 'service',
    unit_label: parameters.text('unit_label') ?? null,
    updated: now,
    url: parameters.text('url') ?? null,
  }
  store.put('product', product)
  world.emit('product.created', product)
  return product
}
