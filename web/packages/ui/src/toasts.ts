/** Short news at the bottom of the screen; one that can be undone stays ten seconds, any other four. */
import { reactive } from 'vue'

export interface Toast {
  id: number
  text: string
  action?: { label: string; run: () => void | Promise<void> }
}

export const toasts = reactive<Toast[]>([])
let made = 0

export function toast(text: string, action?: Toast['action']): void {
  const id = ++made
  toasts.splice(0, toasts.length, action ? { id, text, action } : { id, text })
  setTimeout(() => dismiss(id), action ? 10_000 : 4_000)
}

export function dismiss(id: number): void {
  const place = toasts.findIndex((each) => each.id === id)
  if (place >= 0) toasts.splice(place, 1)
}
