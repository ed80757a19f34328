/** How this phone shows things; nothing personal, so it lies in plain sight. */
import { type Language, words } from '@grid/i18n'
import { reactive, watch } from 'vue'

const KEY = 'grid-field'

interface Preferences {
  large: boolean
  dark: 'system' | 'light' | 'dark'
  language: Language
  photosByWifiOnly: boolean
}

const DEFAULTS: Preferences = { large: false, dark: 'system', language: 'zh-CN', photosByWifiOnly: false }

function stored(): Partial<Preferences> {
  try {
    return JSON.parse(localStorage.getItem(KEY) ?? '{}') as Partial<Preferences>
  } catch {
    return {}
  }
}

export const preferences = reactive<Preferences>({ ...DEFAULTS, ...stored() })
const night = matchMedia('(prefers-color-scheme: dark)')

function show(): void {
  const dark = preferences.dark === 'dark' || (preferences.dark === 'system' && night.matches)
  document.documentElement.classList.toggle('large', preferences.large)
  document.documentElement.classList.toggle('dark', dark)
}

export async function applyPreferences(): Promise<void> {
  show()
  night.addEventListener('change', show)
  await words.use(preferences.language)
  watch(preferences, () => {
    localStorage.setItem(KEY, JSON.stringify(preferences))
    show()
  })
  watch(() => preferences.language, (language) => words.use(language))
}
