import { getEventListeners } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { callSignal } from './timeouts.ts'

test('a call’s signal aborts with the first of the given ones, and for its reason', () => {
  const [server, caller] = [new AbortController(), new AbortController()]
  const { signal } = callSignal(60_000, [server.signal, undefined, caller.signal])
  expect(signal.aborted).toBe(false)
  caller.abort('left')
  server.abort('closing')
  expect(signal.reason).toBe('left')
})

test('one that is aborted already aborts it at once', () => {
  expect(callSignal(60_000, [AbortSignal.abort('left')]).signal.reason).toBe('left')
})

test('it aborts when the time is over, and not once the call has ended', async () => {
  const [late, ended] = [callSignal(5, []), callSignal(5, [])]
  ended.end()
  await sleep(30)
  expect(late.signal.reason).toMatchObject({ name: 'TimeoutError' })
  expect(ended.signal.aborted).toBe(false)
})

test('a call that has ended leaves no listener behind', () => {
  const caller = new AbortController()
  const { signal, end } = callSignal(60_000, [caller.signal])
  expect(getEventListeners(caller.signal, 'abort')).toHaveLength(1)
  end()
  expect(getEventListeners(caller.signal, 'abort')).toHaveLength(0)
  caller.abort()
  expect(signal.aborted).toBe(false)
})
