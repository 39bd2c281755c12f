/**
 * JSON that jsonb takes: NUL and halves of surrogate pairs, which PostgreSQL refuses, become U+FFFD. Such text comes
 * from models and people, and a paid call must not fail to settle for it.
 */
export function jsonText(value: unknown): string {
  return JSON.stringify(value).replace(/\\(u0000|ud[89a-f][0-9a-f]{2}|.)/g, (written, code: string) =>
    code.length > 1 ? '\\ufffd' : written,
  )
}
