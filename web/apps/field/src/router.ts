/** The screens; tests walk through this list, so that a new screen without a test fails. */
import { words } from '@grid/i18n'
import { createRouter, createWebHistory, type RouteRecordRaw } from 'vue-router'
import { phone } from './work/phone'

export const routes = [
  { path: '/', name: 'today', component: () => import('./pages/TodayPage.vue') },
  { path: '/sign-in', name: 'sign-in', component: () => import('./pages/SignInPage.vue'), meta: { outside: true } },
  { path: '/pin', name: 'pin', component: () => import('./pages/PinPage.vue'), meta: { outside: true } },
  { path: '/households/:id', name: 'household', component: () => import('./pages/HouseholdPage.vue') },
  { path: '/report', name: 'report', component: () => import('./pages/ReportPage.vue') },
  { path: '/reports', name: 'reports', component: () => import('./pages/ReportsPage.vue') },
  { path: '/waiting', name: 'waiting', component: () => import('./pages/WaitingPage.vue') },
  { path: '/waiting/:id', name: 'decision', component: () => import('./pages/DecisionPage.vue') },
  { path: '/cases/:id', name: 'case', component: () => import('./pages/CasePage.vue') },
  { path: '/map', name: 'map', component: () => import('./pages/MapPage.vue') },
  { path: '/find', name: 'find', component: () => import('./pages/FindPage.vue') },
  { path: '/me', name: 'me', component: () => import('./pages/MePage.vue') },
  { path: '/feedback', name: 'feedback', component: () => import('./pages/FeedbackPage.vue') },
  { path: '/:path(.*)*', redirect: { name: 'today' } },
] satisfies RouteRecordRaw[]

export const router = createRouter({ history: createWebHistory('/field/'), routes, scrollBehavior: (_, __, kept) => kept ?? { top: 0 } })

router.beforeEach(async (to) => {
  const outside = to.meta['outside'] === true
  if (phone.phase === 'signed-out' && to.name !== 'sign-in') return { name: 'sign-in' }
  if ((phone.phase === 'locked' || phone.phase === 'no-pin') && to.name !== 'pin')
    return { name: 'pin', query: outside ? {} : { to: to.fullPath } }
  // An open phone asks for a password only when the session has ended.
  if (phone.phase === 'open' && outside && !(to.name === 'sign-in' && phone.expired)) return { name: 'today' }
  // The way in speaks with the words of the first load.
  if (!outside) await words.complete()
  return true
})
