/** The words of the console; imported before anything that speaks. */
import { words } from './index'
import zh from './zh-CN.json'

words.install(zh, () => import('./en.json'))
