/** STIPEND_SOAK_MINUTES, 60 unless told otherwise; STIPEND_SOAK_RESULTS, a file for the report. */
export function soakSettings(): { minutes: number; resultsFile: string | null } {
  // biome-ignore lint/style/noProcessEnv: a long test has no other arguments.
  const { STIPEND_SOAK_MINUTES, STIPEND_SOAK_RESULTS } = process.env
  const minutes = Number(STIPEND_SOAK_MINUTES ?? 60)
  if (!(minutes > 0)) throw new Error('STIPEND_SOAK_MINUTES must be a number above 0.')
  return { minutes, resultsFile: STIPEND_SOAK_RESULTS ?? null }
}
