import { shallowRef } from 'vue'

export interface Toast {
  id: number
  text: string
  tone: 'success' | 'danger'
}

export const toasts = shallowRef<readonly Toast[]>([])
let lastId = 0

/** Says for a few seconds that something was done; what went wrong stands where it was tried. */
export function toast(text: string, tone: Toast['tone'] = 'success'): void {
  lastId += 1
  toasts.value = [...toasts.value, { id: lastId, text, tone }]
}

export function dismissToast(id: number): void {
  toasts.value = toasts.value.filter((item) => item.id !== id)
}
