import { onScopeDispose, type Ref, shallowRef, watch } from 'vue'

/** Whole seconds left of a wait that begins anew when its length changes. */
export function useCountdown(waitMs: () => number): Readonly<Ref<number>> {
  const seconds = shallowRef(0)
  let timer: ReturnType<typeof setInterval> | undefined
  const stop = () => clearInterval(timer)
  watch(
    waitMs,
    (ms) => {
      stop()
      const end = Date.now() + ms
      const tick = () => {
        seconds.value = Math.max(0, Math.ceil((end - Date.now()) / 1000))
        if (seconds.value === 0) stop()
      }
      tick()
      if (seconds.value > 0 && typeof document !== 'undefined') timer = setInterval(tick, 1000)
    },
    { immediate: true },
  )
  onScopeDispose(stop)
  return seconds
}
