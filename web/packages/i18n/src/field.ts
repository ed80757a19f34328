/** The words of 社工E通; imported before anything that speaks. */
import { words } from './index'
import zh from './field.zh-CN.json'

words.install(zh, () => import('./field.en.json'))
