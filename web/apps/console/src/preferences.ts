/** What a person sets for this browser: language, dark, and the keys in keys.ts. */
import { words, type Language } from '@grid/i18n'
import { ref } from 'vue'

const LANGUAGE = 'grid-language'
const DARK = 'grid-dark'

export const dark = ref(localStorage.getItem(DARK) === 'on')

export async function applyPreferences(): Promise<void> {
  document.documentElement.classList.toggle('dark', dark.value)
  await words.use(localStorage.getItem(LANGUAGE) === 'en' ? 'en' : 'zh-CN')
}

export async function setLanguage(language: Language): Promise<void> {
  localStorage.setItem(LANGUAGE, language)
  await words.use(language)
}

export function setDark(on: boolean): void {
  dark.value = on
  localStorage.setItem(DARK, on ? 'on' : 'off')
  document.documentElement.classList.toggle('dark', on)
}
