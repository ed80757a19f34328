import { createHash } from 'node:crypto'
import { resolve } from 'node:path'
import { defineConfig, type PluginOption } from 'vite'
import { appConfig } from '../../vite.shared.ts'

/** Write into sw.js what it keeps: every file of this build, under a version that is their content. */
function precache(): PluginOption {
  return {
    name: 'grid-precache',
    apply: 'build',
    generateBundle(_, bundle) {
      const kept = Object.values(bundle).filter((each) => each.fileName !== 'sw.js' && !each.fileName.startsWith('.vite'))
      const digest = createHash('sha256')
      for (const each of kept) digest.update(each.fileName).update(each.type === 'chunk' ? each.code : each.source)
      const names = kept.map((each) => each.fileName).filter((name) => name !== 'index.html')
      const told = { version: digest.digest('hex').slice(0, 16), files: ['/field/', ...names.map((name) => `/field/${name}`)] }
      const worker = bundle['sw.js']
      if (worker?.type !== 'chunk') throw new Error('there is no service worker')
      worker.code = worker.code.replace('__PRECACHE__', JSON.stringify(told))
    },
  }
}

const worker = resolve(import.meta.dirname, 'src/sw.ts')
export default defineConfig(appConfig('field', { plugins: [precache()], input: { sw: worker } }))
