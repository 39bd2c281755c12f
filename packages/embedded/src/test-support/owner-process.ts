// A process that owns an embedded PostgreSQL, for tests that kill it: options as JSON in the first argument, one
// line of JSON on standard output when it runs or has failed; a line on standard input names how to end.
import { createInterface } from 'node:readline'
import { EmbeddedPostgresError, type EmbeddedPostgresOptions, startEmbeddedPostgres } from '../index.ts'

const options: EmbeddedPostgresOptions = JSON.parse(process.argv[2] ?? '')

try {
  const postgres = await startEmbeddedPostgres(options)
  const { url, port, pid, dataDirectory } = postgres
  console.log(JSON.stringify({ url, port, pid, dataDirectory }))
  for await (const line of createInterface(process.stdin)) {
    if (line === 'exit') process.exit(0)
    if (line === 'throw') throw new Error('as asked')
    if (line === 'stop') await postgres.stop()
    if (line === 'listen') process.on('SIGTERM', () => console.log(JSON.stringify({ heard: 'SIGTERM' })))
    console.log(JSON.stringify({ done: line }))
  }
} catch (error) {
  if (!(error instanceof EmbeddedPostgresError)) throw error
  console.log(JSON.stringify({ code: error.code, message: error.message }))
  process.exit(1)
}
