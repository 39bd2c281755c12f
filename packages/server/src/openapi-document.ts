import type { OpenAPIHono } from '@hono/zod-openapi'
import type { StipendEnv } from './context.ts'

/** What stands above the routes in the document; the server is wherever the document was read from. */
export const documentHead = {
  openapi: '3.1.0',
  info: {
    title: 'Stipend',
    version: '0.1.0',
    description: 'Access and credits for AI features. Credits are plain decimals with at most two places.',
    license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
  },
  servers: [{ url: '.' }],
}

/** Tells the document how to say who one is. A route's entry lists the scopes, one of which a key needs, or the role. */
export function registerSecurity(app: OpenAPIHono<StipendEnv>): void {
  app.openAPIRegistry.registerComponent('securitySchemes', 'apiKey', {
    type: 'http',
    scheme: 'bearer',
    description: 'An API key, sp_live_… or sp_platform_…; platform keys add the header Stipend-Organization.',
  })
  app.openAPIRegistry.registerComponent('securitySchemes', 'jobsSecret', {
    type: 'apiKey',
    in: 'header',
    name: 'Stipend-Jobs-Secret',
    description: 'Of a scheduler, see STIPEND_JOBS_SECRET.',
  })
  app.openAPIRegistry.registerComponent('securitySchemes', 'person', {
    type: 'http',
    scheme: 'bearer',
    bearerFormat: 'JWT',
    description:
      "A token of the host's, or the host's own sign-in. The role named is the least of viewer, member, admin, owner; " +
      'operator is apart and needs the header Stipend-Organization.',
  })
}

/** The document of all routes that the app has now, as JSON. */
export function openapiDocument(app: OpenAPIHono<StipendEnv>): unknown {
  return app.getOpenAPI31Document(documentHead)
}
