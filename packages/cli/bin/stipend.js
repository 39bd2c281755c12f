#!/usr/bin/env node
// Plain JavaScript that older versions of Node can read: it only finds the program and a Node that runs it.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const OLDEST_NODE_MAJOR = 24
const sourceCondition = '--conditions=stipend-source'

/** The Node 24 that npm installed beside this package, where the one that runs this file is older. */
function newerNode() {
  const require = createRequire(import.meta.url)
  try {
    const name = `node-${process.platform}-${process.arch}`
    return join(dirname(require.resolve(`${name}/package.json`)), 'bin', 'node')
  } catch {
    return null
  }
}

const sources = fileURLToPath(new URL('../src/main.ts', import.meta.url))
const built = fileURLToPath(new URL('../dist/main.js', import.meta.url))
const runsSources = existsSync(sources)
const nodeIsOld = Number.parseInt(process.versions.node, 10) < OLDEST_NODE_MAJOR
const node = nodeIsOld ? newerNode() : process.execPath

if (node === null) {
  console.error(`stipend needs Node ${OLDEST_NODE_MAJOR} or newer; this is Node ${process.versions.node}.`)
  process.exit(2)
}

if (!nodeIsOld && !runsSources) {
  await import(new URL('../dist/main.js', import.meta.url).href)
} else {
  const program = runsSources ? [sourceCondition, sources] : [built]
  const child = spawn(node, [...program, ...process.argv.slice(2)], { stdio: 'inherit' })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code ?? 1)
    process.removeAllListeners(signal)
    process.kill(process.pid, signal)
  })
}
