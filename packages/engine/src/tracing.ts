import { type Attributes, type Span, SpanStatusCode, trace } from '@opentelemetry/api'
import { type ErrorCode, StipendError } from './errors.ts'
import { currentRequestId } from './request-id.ts'

/** Spans of this package; of no effect until the process registers an OpenTelemetry SDK. */
export const tracer = trace.getTracer('@stipend/engine')

/** Of every span that belongs to a request. */
export function requestAttributes(): Attributes {
  const requestId = currentRequestId()
  return requestId === null ? {} : { 'stipend.request.id': requestId }
}

/** Runs `work` in a span of its own. A refusal is an answer: it is an attribute, and no error of the span. */
export async function inSpan<Result>(
  name: string,
  attributes: Attributes,
  work: (span: Span) => Promise<Result>,
): Promise<Result> {
  return await tracer.startActiveSpan(
    name,
    { attributes: { ...requestAttributes(), ...attributes } },
    async (span) => {
      try {
        return await work(span)
      } catch (error) {
        noteFailure(span, error)
        throw error
      } finally {
        span.end()
      }
    },
  )
}

/** Codes and kinds alone: messages may quote what was asked for. */
export function noteFailure(span: Span, error: unknown): void {
  const code: ErrorCode = error instanceof StipendError ? error.code : 'internal'
  const isRefusal = error instanceof StipendError && error.status < 500
  if (isRefusal) span.setAttribute('stipend.refusal', code)
  else span.setAttribute('error.type', code).setStatus({ code: SpanStatusCode.ERROR })
}
