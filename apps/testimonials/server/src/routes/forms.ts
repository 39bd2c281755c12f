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
import { createForm, deleteForm, getForm, listForms, updateForm } from '../forms/form.ts'
import { formRouteAccess } from './form-access.ts'
import { addQuestionsInput, createFormInput, formJson, formOutput, updateFormInput } from './form-schemas.ts'
import { pageOutput, pageQuery } from './pages.ts'

const shared = { tags: ['Forms'] }
const params = z.object({ id: textInput() })
const answer = (description: string) => jsonAnswer(formOutput, description)

const listRoute = createRoute({
  ...shared,
  method: 'get',
  path: '/forms',
  summary: "The organization's forms, newest first",
  ...protect(formRouteAccess['GET /forms']),
  request: { query: z.strictObject(pageQuery) },
  responses: { 200: jsonAnswer(pageOutput('forms', formOutput), 'A page'), ...refusals },
})

const createFormRoute = createRoute({
  ...shared,
  method: 'post',
  path: '/forms',
  summary: 'Make a public form',
  ...protect(formRouteAccess['POST /forms']),
  request: { body: jsonBody(createFormInput) },
  responses: { 201: answer('The form'), ...refusals },
})

const getRoute = createRoute({
  ...shared,
  method: 'get',
  path: '/forms/{id}',
  summary: 'One form',
  ...protect(formRouteAccess['GET /forms/{id}']),
  request: { params },
  responses: { 200: answer('The form'), ...refusals },
})

const updateRoute = createRoute({
  ...shared,
  method: 'patch',
  path: '/forms/{id}',
  summary: 'Change a form, close it or open it; questions as a whole, in the order given',
  ...protect(formRouteAccess['PATCH /forms/{id}']),
  request: { params, body: jsonBody(updateFormInput) },
  responses: { 200: answer('The form'), ...refusals },
})

const deleteRoute = createRoute({
  ...shared,
  method: 'delete',
  path: '/forms/{id}',
  summary: 'Remove a form with its submissions and testimonials; closing it keeps them',
  ...protect(formRouteAccess['DELETE /forms/{id}']),
  request: { params },
  responses: { 204: { description: 'Removed' }, ...refusals },
})

const addQuestionsRoute = createRoute({
  ...shared,
  method: 'post',
  path: '/forms/{id}/questions',
  summary: 'Take over questions, such as those of /ai/suggest-questions, after those that stand',
  ...protect(formRouteAccess['POST /forms/{id}/questions']),
  request: { params, body: jsonBody(addQuestionsInput) },
  responses: { 200: answer('The form'), ...refusals },
})

/** Forms as their organization manages them. */
export function formRoutes() {
  const router = createRouter()
  router.openapi(listRoute, async (c) => {
    const { limit = 50, cursor } = c.req.valid('query')
    const page = await listForms(c.var.database, organizationIdOf(c), { limit, cursor })
    return c.json({ forms: page.items.map(formJson), nextCursor: page.nextCursor }, 200)
  })
  router.openapi(createFormRoute, async (c) => {
    const { productDescription = '', questions = [], isOpen = true, ...body } = c.req.valid('json')
    const fields = { ...body, productDescription, questions, isOpen }
    return c.json(formJson(await createForm(c.var.database, organizationIdOf(c), fields)), 201)
  })
  router.openapi(getRoute, async (c) => {
    const form = await getForm(c.var.database, organizationIdOf(c), c.req.valid('param').id)
    return c.json(formJson(form), 200)
  })
  router.openapi(updateRoute, async (c) => {
    const { questions, ...changes } = c.req.valid('json')
    const place = { organizationId: organizationIdOf(c), id: c.req.valid('param').id }
    const wanted = questions === undefined ? {} : { questions: () => questions }
    return c.json(formJson(await updateForm(c.var.database, place, { ...changes, ...wanted })), 200)
  })
  router.openapi(deleteRoute, async (c) => {
    await deleteForm(c.var.database, organizationIdOf(c), c.req.valid('param').id)
    return c.body(null, 204)
  })
  router.openapi(addQuestionsRoute, async (c) => {
    const added = c.req.valid('json').questions.map((text) => ({ text }))
    const place = { organizationId: organizationIdOf(c), id: c.req.valid('param').id }
    const form = await updateForm(c.var.database, place, {
      questions: (standing) => [...standing, ...added],
    })
    return c.json(formJson(form), 200)
  })
  return router
}
