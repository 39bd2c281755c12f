import { effectScope, type Ref, ref, watch } from 'vue'

const opened = new Map<string, Ref<object>>()

/**
 * What somebody is writing: survives a reload, a refusal and a way to the payment page, in this tab. The same key is the
 * same value wherever it is asked for.
 */
export function useKept<Value extends object>(
  key: string,
  initial: () => Value,
): { value: Ref<Value>; forget(): void } {
  const known = opened.get(key) as Ref<Value> | undefined
  const value = known ?? (ref({ ...initial(), ...readKept(key) }) as Ref<Value>)
  if (known === undefined) {
    opened.set(key, value)
    // Goes on when the component that asked first is gone.
    effectScope(true).run(() => watch(value, (now) => store(key, now), { deep: true }))
  }
  return {
    value,
    forget: () => {
      value.value = initial()
    },
  }
}

/** Hands something over to what is opened next. */
export function keep(key: string, value: object): void {
  const known = opened.get(key)
  if (known === undefined) store(key, value)
  else known.value = value
}

function store(key: string, value: object): void {
  try {
    sessionStorage.setItem(key, JSON.stringify(value))
  } catch {
    // Full or forbidden: it lives as long as the page.
  }
}

function readKept(key: string): object {
  try {
    const kept: unknown = JSON.parse(sessionStorage.getItem(key) ?? 'null')
    return typeof kept === 'object' && kept !== null ? kept : {}
  } catch {
    return {}
  }
}
