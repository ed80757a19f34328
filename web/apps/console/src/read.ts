/** Reading for a screen: what is there, what went wrong, and whether it is taking long. */
import { Problem } from '@grid/api'
import { onScopeDispose, shallowRef, watch, type ShallowRef, type WatchSource } from 'vue'
import { expired } from './api'

/** When to say that it is slow. */
const SLOW_MS = 8_000
const SIGNED_OUT = 401

export interface Read<T> {
  readonly data: ShallowRef<T | undefined>
  readonly problem: ShallowRef<Problem | undefined>
  readonly waiting: ShallowRef<boolean>
  readonly slow: ShallowRef<boolean>
  /** Reads again; what is shown stays until the answer is there. */
  reload(): Promise<void>
}

/** Reads at once and whenever a source changes; an answer that was overtaken is dropped. */
export function useRead<T>(load: () => Promise<T>, sources?: WatchSource | WatchSource[]): Read<T> {
  const data = shallowRef<T>()
  const problem = shallowRef<Problem>()
  const waiting = shallowRef(false)
  const slow = shallowRef(false)
  let turn = 0
  let timer = 0

  async function reload(): Promise<void> {
    const mine = ++turn
    waiting.value = true
    clearTimeout(timer)
    timer = window.setTimeout(() => (slow.value = true), SLOW_MS)
    try {
      const found = await load()
      if (mine !== turn) return
      data.value = found
      problem.value = undefined
    } catch (error) {
      if (mine !== turn) return
      problem.value = error instanceof Problem ? error : Problem.unreachable(error)
    }
    clearTimeout(timer)
    waiting.value = false
    slow.value = false
  }

  onScopeDispose(() => {
    turn++
    clearTimeout(timer)
  })
  // What the end of the session kept from being read is read when somebody signed in again.
  watch(expired, (now) => {
    if (!now && problem.value?.status === SIGNED_OUT) void reload()
  })
  if (sources) {
    watch(sources, () => {
      data.value = undefined
      void reload()
    })
  }
  void reload()
  return { data, problem, waiting, slow, reload }
}
