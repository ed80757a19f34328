/** A list that grows page by page, and is read again from its first page. */
import { shallowRef, type WatchSource } from 'vue'
import { useRead, type Read } from './read'

export interface Rows<T> {
  items: T[]
  more: boolean
}
interface Page<T> {
  items: T[]
  nextCursor?: string | null | undefined
}

export function useList<T>(
  load: (cursor: string | undefined) => Promise<Page<T> | undefined>,
  sources?: WatchSource | WatchSource[],
): { read: Read<Rows<T>>; more: () => Promise<void> } {
  const cursor = shallowRef<string>()

  async function page(from: string | undefined): Promise<Rows<T>> {
    const found = await load(from)
    cursor.value = found?.nextCursor ?? undefined
    return { items: found?.items ?? [], more: cursor.value !== undefined }
  }

  const read = useRead(() => page(undefined), sources)
  async function more(): Promise<void> {
    const before = read.data.value?.items ?? []
    const next = await page(cursor.value)
    read.data.value = { items: [...before, ...next.items], more: next.more }
  }
  return { read, more }
}
