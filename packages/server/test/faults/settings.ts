/** STIPEND_RELIABILITY: 1 for the full size, of which docs/reliability.md gets its table. */
export function faultSettings(): { isFull: boolean } {
  // biome-ignore lint/style/noProcessEnv: a test has no other arguments.
  return { isFull: process.env['STIPEND_RELIABILITY'] === '1' }
}
