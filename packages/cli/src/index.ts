export type { Context, Environment } from './context.ts'
export { run } from './program.ts'
