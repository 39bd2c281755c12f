import type {
  LanguageModelV4CallOptions,
  LanguageModelV4StreamPart,
  LanguageModelV4StreamResult,
} from '@ai-sdk/provider'
import { fail } from './generate.ts'
import { MeteredStream } from './metered-stream.ts'
import type { ActiveCall, ModelUse } from './metering-core.ts'
import { withReceipt } from './receipt.ts'
import { partsOf, type StoredAnswer, sdkUsageOf } from './replay.ts'
import { failureError, openStep, replayedReceipt, type Step } from './step.ts'
import { startStream } from './stream-start.ts'
import { callSignal } from './timeouts.ts'
import { walk } from './walk.ts'

type Part = LanguageModelV4StreamPart

/**
 * A streamed call: reserve, walk the list until a model begins to answer, pass its parts on, settle before the last
 * one, which has the receipt in its provider metadata. A caller who leaves pays for what was produced.
 * @throws StipendError with the refusal or `provider_failed`; the reason where the caller aborted before the first words.
 */
export async function meteredStream(
  use: ModelUse,
  options: LanguageModelV4CallOptions,
): Promise<LanguageModelV4StreamResult> {
  const step = await openStep(use, options)
  if (step.call.reservation.isReplay) return { stream: await replay(step) }
  const { abortSignal } = options
  const interrupt = new AbortController()
  const { signal, end } = callSignal(use.timeouts.totalMs, [interrupt.signal, abortSignal])
  const ended = Promise.withResolvers<void>()
  const active: ActiveCall = { interrupt: (reason) => interrupt.abort(reason), ended: ended.promise }
  use.core.active.add(active)
  const forget = () => {
    end()
    use.core.active.delete(active)
    ended.resolve()
  }
  try {
    const walked = await walk(step, signal, (candidate, resolved) =>
      startStream(step, options, { candidate, resolved, signal }),
    )
    if (walked.failure !== null) return await fail(step, walked.failure, walked.usages, abortSignal)
    const metered = new MeteredStream(step, walked.value, walked.usages)
    void metered.ended.then(forget)
    const stream = metered.stream()
    metered.listen(signal, abortSignal)
    return { stream, ...walked.value.told }
  } catch (error) {
    // As a fault of the host's providers: the hold must not outlive it. Ended already, this changes nothing.
    await step.trace.within(() => step.call.release())
    step.trace.threw(error)
    forget()
    throw error
  }
}

async function replay(step: Step): Promise<ReadableStream<Part>> {
  const stored = await step.call.reply<StoredAnswer>()
  const receipt = replayedReceipt(step, stored)
  if (stored.failure !== undefined) throw failureError(step, receipt)
  return ReadableStream.from<Part>(
    (function* () {
      yield { type: 'stream-start', warnings: [] } as const
      yield* partsOf(stored.content)
      const { finishReason } = stored
      const providerMetadata = withReceipt(undefined, receipt)
      yield { type: 'finish', usage: sdkUsageOf(stored.usage), finishReason, providerMetadata } as const
    })(),
  )
}
