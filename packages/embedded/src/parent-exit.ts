/** Something that has to end with this process. */
export interface Dependent {
  stop(): Promise<void>
  /** The same without waiting, for the last moment of the process. */
  interrupt(): void
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
const dependents = new Set<Dependent>()

/** Ends the dependent with this process, however that ends (short of kill −9); returns how to undo it. */
export function endWithProcess(dependent: Dependent): () => void {
  if (dependents.size === 0) listen()
  dependents.add(dependent)
  return () => {
    dependents.delete(dependent)
    if (dependents.size === 0) unlisten()
  }
}

function listen(): void {
  process.on('exit', interruptAll)
  for (const name of SIGNALS) process.on(name, stopAll)
}

function unlisten(): void {
  process.off('exit', interruptAll)
  for (const name of SIGNALS) process.off(name, stopAll)
}

function interruptAll(): void {
  for (const dependent of dependents) dependent.interrupt()
}

/** Where the host listens to the signal itself, when to stop is its to say: it may still need the database. */
function stopAll(name: NodeJS.Signals): void {
  if (process.listenerCount(name) > 1) return
  const stops = [...dependents].map((dependent) => dependent.stop())
  void Promise.allSettled(stops).then(() => {
    unlisten()
    process.kill(process.pid, name)
  })
}
