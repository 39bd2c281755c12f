import openapiTypescript, { astToString } from 'openapi-typescript'

/** The text of api.generated.ts: the types of the product's openapi.json. */
export async function apiTypes(): Promise<string> {
  const document = new URL('../../server/openapi.json', import.meta.url)
  const nodes = await openapiTypescript(document, { rootTypes: true, rootTypesNoSchemaPrefix: true })
  return `// Written by \`npm run types -w @stipend/testimonials-web\` from ../../server/openapi.json.\n${astToString(nodes)}`
}
