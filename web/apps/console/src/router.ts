/** Addresses, and the door: whoever is not signed in is asked first and then led where they wanted to go. */
import { words } from '@grid/i18n'
import { createRouter, createWebHistory } from 'vue-router'
import { startLive } from './live'
import { loadNames } from './names'
import { routes } from './routes'
import { homeArea, whoAmI } from './session'

export const router = createRouter({ history: createWebHistory('/console/'), routes })
let knownFor = ''

router.beforeEach(async (to) => {
  const who = await whoAmI()
  if (to.name === 'sign-in') return who ? { name: 'workbench' } : true
  if (!who) return { name: 'sign-in', query: to.fullPath === '/' ? {} : { to: to.fullPath } }
  if (knownFor !== who.accountId) {
    knownFor = who.accountId
    void loadNames(homeArea.value)
    startLive(homeArea.value)
  }
  return true
})

router.afterEach((to) => {
  document.title = `${words.t(`console.screens.${String(to.name)}`)} · ${words.t('console.title')}`
})

/** After signing out the next one starts from nothing. */
export function forget(): void {
  knownFor = ''
}
