/** Keys of the whole console. Nothing happens while an input method is composing: its Enter chooses a word. */
import { onBeforeUnmount, ref, watch } from 'vue'

export type Act = 'search' | 'submit' | 'next'
type Handler = () => void

const SINGLE_KEYS = 'grid-single-keys'
const handlers: Record<Act, Handler[]> = { search: [], submit: [], next: [] }

/** Keys without a modifier can be switched off (WCAG 2.1.4). */
export const singleKeys = ref(localStorage.getItem(SINGLE_KEYS) !== 'off')
watch(singleKeys, (on) => localStorage.setItem(SINGLE_KEYS, on ? 'on' : 'off'))

export function isComposing(event: KeyboardEvent): boolean {
  return event.isComposing || event.keyCode === 229
}

function typing(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))
}

/** Which act a key asks for. */
export function actOf(event: KeyboardEvent): Act | undefined {
  if (isComposing(event)) return undefined
  if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) return 'submit'
  if (event.key === 'F2') return 'next'
  const plain = !event.ctrlKey && !event.metaKey && !event.altKey
  return event.key === '/' && plain && singleKeys.value && !typing(event.target) ? 'search' : undefined
}

function follow(event: KeyboardEvent): void {
  const act = actOf(event)
  const handler = act && handlers[act].at(-1)
  if (!handler) return
  event.preventDefault()
  handler()
}

export function listen(): void {
  window.addEventListener('keydown', follow)
}

/** The newest screen that wants an act gets it. */
export function onKey(act: Act, handler: Handler): void {
  handlers[act].push(handler)
  onBeforeUnmount(() => {
    handlers[act] = handlers[act].filter((each) => each !== handler)
  })
}
