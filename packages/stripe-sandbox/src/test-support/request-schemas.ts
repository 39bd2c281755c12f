import { mkdirSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Ajv, type ValidateFunction } from 'ajv'
import { createGenerator } from 'ts-json-schema-generator'

/** The calls that Stipend makes, and the type of their parameters in the declarations of the `stripe` package. */
const calls: Readonly<Record<string, readonly [resource: string, type: string]>> = {
  'POST /v1/billing_portal/configurations': ['BillingPortal/Configurations', 'ConfigurationCreateParams'],
  'POST /v1/billing_portal/configurations/:id': ['BillingPortal/Configurations', 'ConfigurationUpdateParams'],
  'GET /v1/billing_portal/configurations': ['BillingPortal/Configurations', 'ConfigurationListParams'],
  'POST /v1/billing_portal/sessions': ['BillingPortal/Sessions', 'SessionCreateParams'],
  'POST /v1/checkout/sessions': ['Checkout/Sessions', 'SessionCreateParams'],
  'GET /v1/checkout/sessions/:id': ['Checkout/Sessions', 'SessionRetrieveParams'],
  'POST /v1/customers': ['Customers', 'CustomerCreateParams'],
  'GET /v1/customers/:id': ['Customers', 'CustomerRetrieveParams'],
  'GET /v1/customers/:id/payment_methods': ['Customers', 'CustomerListPaymentMethodsParams'],
  'GET /v1/disputes': ['Disputes', 'DisputeListParams'],
  'GET /v1/invoices': ['Invoices', 'InvoiceListParams'],
  'POST /v1/invoices/create_preview': ['Invoices', 'InvoiceCreatePreviewParams'],
  'POST /v1/payment_intents': ['PaymentIntents', 'PaymentIntentCreateParams'],
  'GET /v1/payment_intents': ['PaymentIntents', 'PaymentIntentListParams'],
  'GET /v1/payment_intents/:id': ['PaymentIntents', 'PaymentIntentRetrieveParams'],
  'POST /v1/prices': ['Prices', 'PriceCreateParams'],
  'POST /v1/prices/:id': ['Prices', 'PriceUpdateParams'],
  'GET /v1/prices': ['Prices', 'PriceListParams'],
  'POST /v1/products': ['Products', 'ProductCreateParams'],
  'POST /v1/products/:id': ['Products', 'ProductUpdateParams'],
  'GET /v1/products/:id': ['Products', 'ProductRetrieveParams'],
  'GET /v1/refunds': ['Refunds', 'RefundListParams'],
  'GET /v1/subscriptions': ['Subscriptions', 'SubscriptionListParams'],
  'POST /v1/subscriptions/:id': ['Subscriptions', 'SubscriptionUpdateParams'],
  'POST /v1/webhook_endpoints': ['WebhookEndpoints', 'WebhookEndpointCreateParams'],
  'GET /v1/webhook_endpoints': ['WebhookEndpoints', 'WebhookEndpointListParams'],
}

const folder = fileURLToPath(new URL('../../../../node_modules/.cache/stripe-requests/', import.meta.url))
const resources = fileURLToPath(new URL('../../../../node_modules/stripe/esm/resources/', import.meta.url))

export interface RequestSchemas {
  /** The call of a request, such as `POST /v1/customers`; undefined: none that Stipend is known to make. */
  callOf(method: string, path: string): string | undefined
  /** What is wrong with its parameters, of which every leaf is a text; empty: nothing. */
  problemsOf(call: string, parameters: unknown): string[]
}

/** JSON schemas of the calls, made of the declarations: names that are not declared and values outside an enum do not fit. */
export function generateRequestSchemas(): RequestSchemas {
  mkdirSync(folder, { recursive: true })
  const entries = Object.entries(calls)
  const imports = entries.map(
    ([, [resource, type]], index) => `import type { ${type} as T${index} } from '${resources}${resource}.js'`,
  )
  const fields = entries.map(([call], index) => `  '${call}': T${index}`)
  const source = `${folder}requests.ts`
  writeFileSync(source, `${imports.join('\n')}\nexport interface Requests {\n${fields.join('\n')}\n}\n`)
  const tsconfig = `${folder}tsconfig.json`
  const compilerOptions = {
    module: 'nodenext',
    moduleResolution: 'nodenext',
    skipLibCheck: true,
    strict: true,
    types: [],
  }
  writeFileSync(tsconfig, JSON.stringify({ compilerOptions, files: ['requests.ts'] }))
  const schema = createGenerator({
    path: source,
    tsconfig,
    type: 'Requests',
    expose: 'all',
    topRef: false,
    skipTypeCheck: true,
    additionalProperties: false,
  }).createSchema('Requests')
  // The declarations leave enums open for values to come: closed, a misspelt one does not fit.
  const definitions = { ...schema.definitions, OtherString: false }
  const ajv = new Ajv({ strict: false, coerceTypes: true, allErrors: true })
  const validators = new Map<string, ValidateFunction>()
  for (const [call, property] of Object.entries(schema.properties ?? {})) {
    validators.set(call, ajv.compile({ ...(property as object), definitions }))
  }
  return {
    callOf: (method, path) => {
      const isOf = (call: string) =>
        new RegExp(`^${call.replaceAll(/:\w+/g, '[^/]+')}$`).test(`${method} ${path}`)
      // The longer one first: create_preview is no id.
      return Object.keys(calls)
        .sort((a, b) => Number(a.includes(':')) - Number(b.includes(':')))
        .find(isOf)
    },
    problemsOf: (call, parameters) => {
      const validate = validators.get(call)
      if (validate === undefined) return [`${call} has no schema`]
      if (validate(structuredClone(parameters))) return []
      return (validate.errors ?? []).map(
        ({ instancePath, message, params }) => `${call}${instancePath}: ${message} ${JSON.stringify(params)}`,
      )
    },
  }
}
