import { type Ref, ref, watch } from 'vue'

/** What somebody is writing: survives a reload, a refusal and a way to the payment page, in this tab. */
export function useKept<Value extends object>(key: string, initial: () => Value): { value: Ref<Value>; forget(): void } {
  const value = ref({ ...initial(), ...readKept(key) }) as Ref<Value>
  watch(value, (now) => keep(key, now), { deep: true })
  return {
    value,
    forget: () => {
      value.value = initial()
    },
  }
}

/** Hands something over to the page that is opened next. */
export function keep(key: string, value: object): void {
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
