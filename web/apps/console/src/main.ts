import '@grid/i18n/console'
import '@grid/tokens'
import '@grid/ui/ui.css'
import './console.css'
import { createApp } from 'vue'
import App from './App.vue'
import { listen } from './keys'
import { applyPreferences } from './preferences'
import { router } from './router'

listen()
void applyPreferences().then(() => createApp(App).use(router).mount('#app'))
