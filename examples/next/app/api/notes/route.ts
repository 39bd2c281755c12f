import { problemResponse } from '@stipend/server'
import { createUIMessageStreamResponse, streamText, toUIMessageStream } from 'ai'
import { memberOf } from '../../../session.ts'
import { stipend } from '../../../stipend.ts'

export async function POST(request: Request): Promise<Response> {
  const member = await memberOf(request)
  if (member === null) return new Response(null, { status: 401 })
  const { notes } = (await request.json()) as { notes?: unknown }
  const result = streamText({
    model: stipend.model({
      organizationId: member.officeId,
      capability: 'meeting_minutes',
      quality: 'fast',
      actor: { type: 'member', id: member.id },
      idempotencyKey: request.headers.get('idempotency-key') ?? undefined,
    }),
    instructions: 'Write minutes of the meeting from these notes.',
    prompt: String(notes),
    abortSignal: request.signal,
    maxRetries: 0,
    onError: () => undefined,
  })
  try {
    const stream = toUIMessageStream({
      stream: await stipend.started(result.stream),
      messageMetadata: stipend.receipt,
      onError: stipend.problem,
    })
    return createUIMessageStreamResponse({ stream })
  } catch (error) {
    return problemResponse(error)
  }
}
