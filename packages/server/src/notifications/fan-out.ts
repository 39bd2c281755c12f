import type { EventHandler } from '@stipend/engine'
import { channelsOf } from './channels.ts'
import type { NotificationContext } from './settings.ts'

/**
 * Takes every event: writes down whom it is to be told to, and then hands it to the host. Nothing is sent here, so that
 * nobody's server holds up the next event.
 */
export function createFanOut(
  { engine, options }: NotificationContext,
  host: { onEvent?: EventHandler | undefined; consumptionEvents: boolean },
): EventHandler {
  const hasMail = options.mail !== undefined
  return async (event, control) => {
    await engine.notifications.fanOut(event, channelsOf(event.type, { hasMail }))
    // Charges may have been read for an endpoint alone.
    if (event.type === 'credits.consumption' && !host.consumptionEvents) return
    await host.onEvent?.(event, control)
  }
}
