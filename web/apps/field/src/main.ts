import '@grid/tokens'
import '@grid/tokens/touch.css'
import '@grid/ui/ui.css'
import { createApp } from 'vue'
import App from './App.vue'

createApp(App).mount('#app')
