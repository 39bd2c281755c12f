import { errorCodes, errorOf } from '@stipend/engine'
import { HTTPException } from 'hono/http-exception'
import { expect, test } from 'vitest'
import { problemOf, problemResponse } from './problem.ts'

test('an internal error tells nothing of its particulars', () => {
  const problem = problemOf(errorOf('internal', { message: 'relation "x"', table: 'x' }), 'id-1')
  expect(Object.keys(problem).toSorted()).toEqual(
    ['type', 'title', 'status', 'detail', 'code', 'retryable', 'requestId'].toSorted(),
  )
  expect(JSON.stringify(problem)).not.toContain('relation')
})

test('particulars never stand in for the members of a problem', () => {
  const detail = {
    status: 'settled',
    type: 'promo_bonus',
    code: 'x',
    requestId: 'x',
    title: 'x',
    creditsUsed: 1,
  }
  expect(problemOf(errorOf('settle_conflict', detail), 'id-1')).toMatchObject({
    type: 'urn:stipend:problem:settle_conflict',
    title: 'The reservation has ended otherwise.',
    status: 409,
    code: 'settle_conflict',
    requestId: 'id-1',
    standingStatus: 'settled',
    standingType: 'promo_bonus',
    creditsUsed: 1,
  })
})

test('every code answers with its status as problem+json', async () => {
  for (const code of Object.keys(errorCodes) as (keyof typeof errorCodes)[]) {
    const response = problemResponse(errorOf(code), 'id-1')
    expect(response.status).toBe(errorCodes[code].status)
    expect(response.headers.get('content-type')).toBe('application/problem+json')
    expect(await response.json()).toMatchObject({ code, status: errorCodes[code].status, requestId: 'id-1' })
  }
})

test('Retry-After is in whole seconds, rounded up', () => {
  const response = problemResponse(errorOf('rate_limited', { retryAfterMs: 1_001 }), 'id-1')
  expect(response.headers.get('retry-after')).toBe('2')
  expect(problemResponse(errorOf('not_found'), 'id-1').headers.get('retry-after')).toBeNull()
})

test('what is thrown without a code is internal, an HTTPException what its status says', () => {
  expect(problemResponse(new TypeError('inside'), 'x').status).toBe(500)
  expect(problemResponse('text', 'x').status).toBe(500)
  expect(problemResponse(new HTTPException(413), 'x').status).toBe(413)
  expect(problemResponse(new HTTPException(418), 'x').status).toBe(500)
})
