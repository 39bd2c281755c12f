import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { createAnthropic } from '@ai-sdk/anthropic'
import { createGoogle } from '@ai-sdk/google'
import { createOpenAI } from '@ai-sdk/openai'
import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import type { Providers } from '../../src/ai/index.ts'
import { type Answer, type Asked, type Protocol, protocols, type Reply, type Wire } from './answer.ts'
import { anthropic } from './anthropic.ts'
import { google } from './google.ts'
import { local } from './local.ts'
import { openai } from './openai.ts'

const wires: Record<Protocol, Wire> = { openai, anthropic, google, local }

/** One request that the server got. */
export interface WireRequest {
  protocol: Protocol
  model: string
  isStream: boolean
  body: unknown
  /** So far, and at the end. */
  wordsWritten: number
  /** The client closed the connection before the answer had ended. */
  isLeft: boolean
  /** Resolves when the answer has ended or the client has left. */
  closed: Promise<void>
}

/** A server on loopback that speaks four protocols, each model playing its replies in order; after the last, 500. */
export class WireServer implements AsyncDisposable {
  readonly requests: WireRequest[] = []
  readonly replies: Record<string, Reply[]> = {}
  readonly #server = createServer((request, response) => void this.#take(request, response))

  static async start(): Promise<WireServer> {
    const server = new WireServer()
    await new Promise<void>((resolve) => server.#server.listen(0, '127.0.0.1', resolve))
    return server
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** What the next calls of models get, by the model's name. */
  script(replies: Record<string, readonly Reply[]>): void {
    this.requests.length = 0
    for (const name of Object.keys(this.replies)) delete this.replies[name]
    for (const [name, list] of Object.entries(replies)) this.replies[name] = [...list]
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const texts: Buffer[] = []
    for await (const text of request) texts.push(text)
    const path = request.url ?? ''
    const protocol = protocols.find((name) => path.startsWith(`/${name}/`)) ?? 'local'
    const body: { model?: string; stream?: boolean } = JSON.parse(Buffer.concat(texts).toString())
    const model = body.model ?? /models\/([^:]+)/.exec(path)?.[1] ?? ''
    const isStream = body.stream ?? path.includes('streamGenerateContent')
    const closed = Promise.withResolvers<void>()
    const seen: WireRequest = {
      protocol,
      model,
      isStream,
      body,
      wordsWritten: 0,
      isLeft: false,
      closed: closed.promise,
    }
    this.requests.push(seen)
    let isOurs = false
    response.on('close', () => {
      seen.isLeft = !response.writableFinished && !isOurs
      closed.resolve()
    })
    response.on('error', () => undefined)
    const reply = this.replies[model]?.shift() ?? { status: 500 }
    const end = await play(reply, { wire: wires[protocol], response, seen })
    if (end === 'cut') {
      isOurs = true
      response.destroy()
    }
  }
}

interface Playing {
  wire: Wire
  response: ServerResponse
  seen: WireRequest
}

/** `cut`: the socket is to be destroyed. */
async function play(reply: Reply, playing: Playing): Promise<'cut' | 'done'> {
  const { wire, response, seen } = playing
  if (reply === 'silent') return 'done'
  if (reply !== 'malformed' && 'status' in reply) {
    response.writeHead(reply.status, { 'content-type': 'application/json', ...reply.headers })
    response.end(JSON.stringify(wire.refusal(reply.status)))
    return 'done'
  }
  if (reply === 'malformed' && seen.isStream) {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.end('data: {"half": \n\n')
    return 'done'
  }
  if (seen.isStream && reply !== 'malformed') return await playStream(reply, playing)
  const answer = reply === 'malformed' ? { words: ['half'] } : reply
  const text = JSON.stringify(wire.body({ model: seen.model, answer }))
  const half = text.slice(0, text.length / 2)
  response.writeHead(200, { 'content-type': 'application/json' })
  const ending = reply === 'malformed' ? 'stop' : (reply.ending ?? 'end')
  if (ending === 'end') response.end(text)
  else if (ending === 'stop' || ending === 'error') response.end(half)
  else response.write(half)
  return ending === 'cut' ? await afterFlush('cut') : 'done'
}

async function playStream(answer: Answer, { wire, response, seen }: Playing): Promise<'cut' | 'done'> {
  const asked: Asked = { model: seen.model, answer }
  const write = (events: readonly object[]) => {
    for (const event of events) response.write(line(wire, event))
  }
  if (answer.headersMs !== undefined) await sleep(answer.headersMs)
  if (response.destroyed) return 'done'
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  response.flushHeaders()
  write(wire.start(asked))
  if (answer.startMs !== undefined) await sleep(answer.startMs)
  for (const word of answer.words ?? []) {
    if (answer.everyMs !== undefined) await sleep(answer.everyMs)
    if (response.destroyed) return 'done'
    write(wire.word(word))
    seen.wordsWritten += 1
  }
  const ending = answer.ending ?? 'end'
  if (ending === 'hang') return 'done'
  if (ending === 'cut') return await afterFlush('cut')
  if (ending === 'error') write([wire.errorEvent()])
  if (ending === 'end') {
    write(wire.end(asked))
    if (wire.lastLine !== null) response.write(`data: ${wire.lastLine}\n\n`)
  }
  response.end()
  return 'done'
}

/** Lets what was written leave before the socket goes. */
async function afterFlush<Value>(value: Value): Promise<Value> {
  await sleep(30)
  return value
}

function line(wire: Wire, event: object): string {
  const name = wire.namesEvents && 'type' in event ? `event: ${event.type}\n` : ''
  return `${name}data: ${JSON.stringify(event)}\n\n`
}

/** The official providers, pointed at a server. */
export function providersAt(url: string): Providers & Record<Protocol, unknown> {
  const apiKey = 'not-a-key'
  return {
    openai: createOpenAI({ baseURL: `${url}/openai/v1`, apiKey }),
    anthropic: createAnthropic({ baseURL: `${url}/anthropic/v1`, apiKey }),
    google: createGoogle({ baseURL: `${url}/google/v1beta`, apiKey }),
    local: createOpenAICompatible({
      name: 'local',
      baseURL: `${url}/local/v1`,
      apiKey,
      includeUsage: true,
      supportsStructuredOutputs: true,
    }),
  }
}
