/** The words of 社工E通; imported before anything that speaks. What the first screens do not say comes after them. */
import { words } from './index'
import zh from './field.zh-CN.json'

words.install(zh, () => import('./field.en.json'), () => import('./field-more.zh-CN.json'))
