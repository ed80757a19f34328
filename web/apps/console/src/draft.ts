/** What is being typed survives a reload and a refusal: kept in this tab, every two seconds, until it is sent. */
import { onBeforeUnmount, ref, watch, type Ref } from 'vue'

const EVERY_MS = 2_000

export function useDraft(key: () => string): { text: Ref<string>; done: () => void } {
  const text = ref(sessionStorage.getItem(key()) ?? '')
  let timer = 0
  watch(text, (typed) => {
    clearTimeout(timer)
    timer = window.setTimeout(() => (typed ? sessionStorage.setItem(key(), typed) : sessionStorage.removeItem(key())), EVERY_MS)
  })
  watch(key, (now) => (text.value = sessionStorage.getItem(now) ?? ''))
  function done(): void {
    clearTimeout(timer)
    sessionStorage.removeItem(key())
    text.value = ''
  }
  onBeforeUnmount(() => clearTimeout(timer))
  return { text, done }
}
