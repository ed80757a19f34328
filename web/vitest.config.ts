import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  plugins: [vue()],
  define: { __APP_VERSION__: '"test"' },
  test: { include: ['packages/*/tests/**/*.test.ts', 'apps/*/tests/**/*.test.ts'], environment: 'happy-dom', css: false },
})
