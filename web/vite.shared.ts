/** What the builds of all apps have in common: where files go, for which browsers, under which address. */
import { resolve } from 'node:path'
import vue from '@vitejs/plugin-vue'
import type { PluginOption, UserConfig } from 'vite'

const ROOT = import.meta.dirname
const ASSETS = process.env['GRID_WEB_ASSETS'] ?? resolve(ROOT, '../gateway/src/gateway/webassets')

/** The gateway the development server passes API requests to. */
const GATEWAY = process.env['GRID_WEB_GATEWAY'] ?? 'http://127.0.0.1:8080'

export function appConfig(name: string, more: { plugins?: PluginOption[]; input?: Record<string, string> } = {}): UserConfig {
  const root = resolve(ROOT, 'apps', name)
  return {
    root,
    base: `/${name}/`,
    plugins: [vue(), ...(more.plugins ?? [])],
    define: {
      __APP_VERSION__: JSON.stringify(process.env['GRID_WEB_VERSION'] ?? 'dev'),
      __VUE_OPTIONS_API__: 'false',
      __VUE_PROD_DEVTOOLS__: 'false',
    },
    // The build for browsers of today; its wrapper would bring the one for those of 2015.
    resolve: { alias: { dexie: resolve(ROOT, 'node_modules/dexie/dist/modern/dexie.mjs') } },
    build: {
      outDir: resolve(ASSETS, name),
      emptyOutDir: true,
      manifest: true,
      target: ['chrome87', 'safari14', 'firefox91'],
      cssTarget: ['chrome99', 'safari15.4', 'firefox97'],
      assetsInlineLimit: 0,
      reportCompressedSize: false,
      modulePreload: { polyfill: false },
      rollupOptions: {
        input: { index: resolve(root, 'index.html'), ...more.input },
        output: { entryFileNames: (chunk) => (chunk.name === 'sw' ? 'sw.js' : 'assets/[name]-[hash].js') },
      },
    },
    server: { proxy: { '/api': GATEWAY, '/ogc': GATEWAY } },
  }
}
