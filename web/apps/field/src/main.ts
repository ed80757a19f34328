import '@grid/i18n/field'
import '@grid/tokens'
import '@grid/tokens/touch.css'
import '@grid/ui/ui.css'
import './field.css'
import { words } from '@grid/i18n'
import { createApp, watch } from 'vue'
import App from './App.vue'
import { router } from './router'
import { followVersions } from './work/version'
import { phone, start } from './work/phone'
import { applyPreferences } from './work/preferences'

async function begin(): Promise<void> {
  await applyPreferences()
  document.title = words.t('field.title')
  await start()
  watch(
    () => phone.phase,
    () => {
      const { name, query } = router.currentRoute.value
      if (phone.phase === 'open' && (name === 'pin' || name === 'sign-in')) void router.replace(String(query['to'] ?? '/'))
      if (phone.phase === 'locked' || phone.phase === 'no-pin') void router.replace({ name: 'pin', query: { to: String(query['to'] ?? router.currentRoute.value.fullPath) } })
      if (phone.phase === 'signed-out') void router.replace({ name: 'sign-in' })
    },
  )
  createApp(App).use(router).mount('#app')
  void followVersions()
}

void begin()
