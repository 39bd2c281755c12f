import { createRoute, z } from '@hono/zod-openapi'
import {
  createRouter,
  jsonAnswer,
  jsonBody,
  organizationIdOf,
  protect,
  refusals,
  textInput,
} from '@stipend/server'
import { getForm } from '../forms/form.ts'
import { listSubmissions } from '../forms/submission.ts'
import { listTestimonials, setPublished, testimonialStatuses } from '../forms/testimonial.ts'
import { formRouteAccess } from './form-access.ts'
import { submissionJson, submissionOutput, testimonialJson, testimonialRecord } from './form-schemas.ts'
import { pageOutput, pageQuery } from './pages.ts'

const shared = { tags: ['Forms'] }
const params = z.object({ id: textInput() })

const submissionsRoute = createRoute({
  ...shared,
  method: 'get',
  path: '/forms/{id}/submissions',
  summary: 'What customers answered, newest first',
  ...protect(formRouteAccess['GET /forms/{id}/submissions']),
  request: { params, query: z.strictObject(pageQuery) },
  responses: { 200: jsonAnswer(pageOutput('submissions', submissionOutput), 'A page'), ...refusals },
})

const testimonialsRoute = createRoute({
  ...shared,
  method: 'get',
  path: '/forms/{id}/testimonials',
  summary: 'Testimonials that customers sent, newest first; with status=draft those that they have not',
  ...protect(formRouteAccess['GET /forms/{id}/testimonials']),
  request: {
    params,
    query: z.strictObject({ ...pageQuery, status: z.enum(testimonialStatuses).optional() }),
  },
  responses: { 200: jsonAnswer(pageOutput('testimonials', testimonialRecord), 'A page'), ...refusals },
})

const publishRoute = createRoute({
  ...shared,
  method: 'patch',
  path: '/forms/{id}/testimonials/{testimonialId}',
  summary: 'Publish a testimonial, or take it back',
  ...protect(formRouteAccess['PATCH /forms/{id}/testimonials/{testimonialId}']),
  request: {
    params: z.object({ id: textInput(), testimonialId: textInput() }),
    body: jsonBody(
      z.strictObject({ status: z.enum(['submitted', 'published']) }).openapi('PublishTestimonialRequest'),
    ),
  },
  responses: { 200: jsonAnswer(testimonialRecord, 'The testimonial'), ...refusals },
})

/** What came in by forms. */
export function formEntryRoutes() {
  const router = createRouter()
  router.openapi(submissionsRoute, async (c) => {
    const { limit = 50, cursor } = c.req.valid('query')
    const form = await getForm(c.var.database, organizationIdOf(c), c.req.valid('param').id)
    const page = await listSubmissions(c.var.database, form, { limit, cursor })
    return c.json({ submissions: page.items.map(submissionJson), nextCursor: page.nextCursor }, 200)
  })
  router.openapi(testimonialsRoute, async (c) => {
    const { limit = 50, cursor, status } = c.req.valid('query')
    const form = await getForm(c.var.database, organizationIdOf(c), c.req.valid('param').id)
    const page = await listTestimonials(c.var.database, form, { limit, cursor, status })
    return c.json({ testimonials: page.items.map(testimonialJson), nextCursor: page.nextCursor }, 200)
  })
  router.openapi(publishRoute, async (c) => {
    const { id, testimonialId } = c.req.valid('param')
    const form = await getForm(c.var.database, organizationIdOf(c), id)
    const isPublished = c.req.valid('json').status === 'published'
    return c.json(
      testimonialJson(await setPublished(c.var.database, { form, testimonialId }, isPublished)),
      200,
    )
  })
  return router
}
