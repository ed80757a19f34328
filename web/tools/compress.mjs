// Beside every file of the assets that is worth it: .br (brotli 11) and .gz (gzip 9).
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { argv } from 'node:process'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'

const WORTH = /\.(js|css|html|svg|json|webmanifest)$/
const LEAST_BYTES = 600

for (const each of readdirSync(argv[2], { recursive: true, withFileTypes: true })) {
  const path = join(each.parentPath ?? each.path, each.name)
  if (!each.isFile() || !WORTH.test(each.name) || path.includes('.vite')) continue
  const bytes = readFileSync(path)
  for (const end of ['.br', '.gz']) rmSync(path + end, { force: true })
  if (bytes.length < LEAST_BYTES) continue
  const quality = { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length } }
  writeFileSync(`${path}.br`, brotliCompressSync(bytes, quality))
  writeFileSync(`${path}.gz`, gzipSync(bytes, { level: 9 }))
}
