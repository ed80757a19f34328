/** Words for people: one catalogue per language, days and numbers as each language writes them. */
import { ref, type Ref } from 'vue'

export type Language = 'zh-CN' | 'en'
export type Params = Readonly<Record<string, string | number>>
export type Tree = { [key: string]: string | Tree }
/** Labels of a service as `GET /v1/labels` gives them. */
export type Labels = Readonly<Record<string, unknown>>

type Later = () => Promise<{ default: Tree }>

const ZONE = 'Asia/Shanghai'

export class Words {
  readonly language: Ref<Language> = ref('zh-CN')
  readonly #catalogues: Record<Language, Tree | null> = { 'zh-CN': null, en: null }
  #english: Later = () => Promise.reject(new Error('no English'))
  #more: Later | undefined

  /** Say with which words this app speaks; an app carries its own and no other's, `more` only when `complete` asks. */
  install(chinese: Tree, english: Later, more?: Later): void {
    this.#catalogues['zh-CN'] = chinese
    this.#english = english
    this.#more = more
  }

  /** The words that were left out of the first load; asked for once. */
  async complete(): Promise<void> {
    if (!this.#more) return
    const { default: rest } = await this.#more()
    this.#more = undefined
    this.#catalogues['zh-CN'] = merged(this.#catalogues['zh-CN']!, rest)
  }

  /** English is loaded when somebody asks for it. */
  async use(language: Language): Promise<void> {
    if (language === 'en') this.#catalogues.en ??= (await this.#english()).default
    this.language.value = language
    document.documentElement.lang = language
  }

  /** The words under a dotted key, parameters in braces filled in; `n` = 1 prefers `<key>-one`. */
  t(key: string, params: Params = {}): string {
    const one = params['n'] === 1 ? this.#find(`${key}-one`) : undefined
    const found = one ?? this.#find(key)
    if (found === undefined) throw new Error(`no words for ${key}`)
    return found.replace(/\{(\w+)\}/g, (whole, name: string) => this.#written(params[name], whole))
  }

  /** The words when there are any, else what was given. */
  maybe(key: string, otherwise: string): string {
    return this.#find(key) ?? otherwise
  }

  number(value: number): string {
    return new Intl.NumberFormat(this.language.value).format(value)
  }

  /** A day in a sentence: 11月23日 周一. */
  day(moment: string | number | Date): string {
    const parts = { timeZone: ZONE, month: 'short', day: 'numeric', weekday: 'short' } as const
    // Chinese writes day and weekday without a gap between them.
    return this.#format(moment, parts).replace(/(\p{Script=Han})(\p{Script=Han}{2})$/u, '$1 $2')
  }

  /** A day without its weekday; with the year when it is not this one. */
  date(moment: string | number | Date): string {
    const year = this.#format(moment, { timeZone: ZONE, year: 'numeric' })
    const thisYear = this.#format(Date.now(), { timeZone: ZONE, year: 'numeric' })
    const parts = { timeZone: ZONE, month: 'short', day: 'numeric' } as const
    return this.#format(moment, year === thisYear ? parts : { ...parts, year: 'numeric' })
  }

  /** A time today, else with its day. */
  time(moment: string | number | Date): string {
    const clock = this.#format(moment, { timeZone: ZONE, hour: '2-digit', minute: '2-digit', hourCycle: 'h23' })
    const today = this.date(moment) === this.date(Date.now())
    return today ? this.t('dates.today-at', { clock }) : `${this.date(moment)} ${clock}`
  }

  #format(moment: string | number | Date, parts: Intl.DateTimeFormatOptions): string {
    return new Intl.DateTimeFormat(this.language.value, parts).format(new Date(moment))
  }

  #written(value: string | number | undefined, otherwise: string): string {
    if (value === undefined) return otherwise
    return typeof value === 'number' ? this.number(value) : value
  }

  #find(key: string): string | undefined {
    let node: string | Tree | undefined = (this.#catalogues[this.language.value] ?? this.#catalogues['zh-CN'])!
    for (const step of key.split('.')) node = typeof node === 'object' ? node[step] : undefined
    return typeof node === 'string' ? node : undefined
  }
}

/** Two catalogues as one; what both name is a branch in both. */
function merged(one: Tree, other: Tree): Tree {
  const all: Tree = { ...one }
  for (const [key, node] of Object.entries(other)) {
    const known = all[key]
    all[key] = typeof known === 'object' && typeof node === 'object' ? merged(known, node) : node
  }
  return all
}

export const words = new Words()

/** The label a service wrote for a value of an enum or code table; the value itself when it wrote none. */
export function label(labels: Labels | undefined, name: string, value: string): string {
  const enums = (labels?.['enums'] ?? {}) as Record<string, Record<string, string> | undefined>
  return enums[name]?.[value] ?? value
}
