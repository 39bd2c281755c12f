import { once } from 'node:events'
import { createConnection, createServer, type Socket } from 'node:net'

/** A TCP proxy before PostgreSQL that counts how often the server ended an answer. */
export interface CountingProxy extends AsyncDisposable {
  readonly port: number
  /** Answers since the proxy began, those to logging in included. */
  readonly roundTrips: () => number
}

const readyForQuery = 'Z'.charCodeAt(0)

/**
 * Every request of a client, however many messages it has, is answered by one ReadyForQuery
 * (https://www.postgresql.org/docs/18/protocol-message-formats.html): that is a round trip. Unencrypted only.
 */
export async function startCountingProxy(serverPort: number): Promise<CountingProxy> {
  let roundTrips = 0
  const sockets = new Set<Socket>()
  const proxy = createServer((client) => {
    const server = createConnection(serverPort, '127.0.0.1')
    const count = messageCounter((type) => {
      if (type === readyForQuery) roundTrips += 1
    })
    server.on('data', count)
    for (const [from, to] of [
      [client, server],
      [server, client],
    ] as const) {
      from.setNoDelay(true)
      from.pipe(to)
      sockets.add(from)
      from.on('error', () => to.destroy())
      from.on('close', () => {
        sockets.delete(from)
        to.destroy()
      })
    }
  })
  proxy.listen(0, '127.0.0.1')
  await once(proxy, 'listening')
  const address = proxy.address()
  if (address === null || typeof address === 'string') throw new Error('The proxy has no port.')
  return {
    port: address.port,
    roundTrips: () => roundTrips,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      proxy.close()
      await once(proxy, 'close')
    },
  }
}

/** Tells the type of every message in a stream that arrives in pieces: a byte, then a length that counts itself. */
function messageCounter(onMessage: (type: number) => void): (chunk: Buffer) => void {
  let rest: Buffer = Buffer.alloc(0)
  return (chunk) => {
    let data = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    while (data.length >= 5) {
      const length = 1 + data.readInt32BE(1)
      if (data.length < length) break
      onMessage(data.readUInt8(0))
      data = data.subarray(length)
    }
    rest = data
  }
}
