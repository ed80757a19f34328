/** Every address of the console. A test looks at each one: a route that is not looked at fails it. */
import type { RouteRecordRaw } from 'vue-router'
import SignIn from './screens/SignIn.vue'

export const routes: RouteRecordRaw[] = [
  { path: '/sign-in', name: 'sign-in', component: SignIn },
  { path: '/', name: 'workbench', component: () => import('./screens/Workbench.vue') },
  { path: '/window/new', name: 'intake', component: () => import('./screens/Intake.vue') },
  { path: '/window/:id?', name: 'window', component: () => import('./screens/Window.vue'), props: true },
  { path: '/cases/:id?', name: 'cases', component: () => import('./screens/Cases.vue'), props: true },
  { path: '/map/:area?', name: 'map', component: () => import('./screens/Map.vue'), props: true },
  { path: '/households', name: 'households', component: () => import('./screens/Households.vue') },
  { path: '/households/:id', name: 'household', component: () => import('./screens/Household.vue'), props: true },
  { path: '/:rest(.*)*', name: 'missing', component: () => import('./screens/Missing.vue') },
]
