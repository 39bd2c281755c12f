import { expect, test } from 'vitest'
import { readAnswer } from './answer.ts'

const charge = {
  simulated: true,
  model: 'openai/gpt-6-luna',
  quality: 'fast',
  usage: { creditsUsed: 1.25, creditsEstimated: 4, creditsMaximum: 4, balanceRemaining: 8.75 },
  reservationId: 'r1',
}

const stream = (...events: [string, unknown][]) =>
  new Response(events.map(([event, data]) => `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`).join(''), {
    headers: { 'content-type': 'text/event-stream' },
  })

test('streamed text comes as it is written, the receipt at the end', async () => {
  const deltas: string[] = []
  const response = stream(
    ['text', { delta: 'Our ' }],
    ['text', { delta: 'guests' }],
    ['done', { testimonial: 'Our guests', ...charge }],
  )
  const answer = await readAnswer(response, { onText: (delta) => deltas.push(delta) })
  expect(deltas).toEqual(['Our ', 'guests'])
  expect(answer.text).toBe('Our guests')
  expect(answer.receipt).toMatchObject({
    creditsUsed: 1.25,
    creditsEstimated: 4,
    simulated: true,
    quality: 'fast',
  })
})

test('a JSON answer is read alike; without a charge it has no receipt', async () => {
  expect(await readAnswer(Response.json({ text: 'Hi', ...charge }))).toMatchObject({
    text: 'Hi',
    receipt: { creditsUsed: 1.25 },
  })
  expect((await readAnswer(Response.json({ text: 'Hi' }))).receipt).toBeNull()
})

test.each([
  [
    'a problem in the stream',
    stream(['text', { delta: 'O' }], ['problem', { code: 'provider_failed', status: 502 }]),
    'provider_failed',
  ],
  ['a stream that breaks off', stream(['text', { delta: 'O' }]), 'unreadable_answer'],
  ['a page of a proxy', new Response('<h1>Bad gateway</h1>', { status: 502 }), 'unreadable_answer'],
  ['a text', new Response('hello'), 'unreadable_answer'],
])('%s is a problem', async (_name, response, code) => {
  await expect(readAnswer(response)).rejects.toMatchObject({ name: 'StipendProblem', code })
})
