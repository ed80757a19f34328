import { describe, expect, it } from 'vitest'
import { label, words, Words } from '../src'
import '../src/field'
import fieldEn from '../src/field.en.json'
import fieldZh from '../src/field.zh-CN.json'
import fieldMoreZh from '../src/field-more.zh-CN.json'
import en from '../src/en.json'
import zh from '../src/zh-CN.json'

function keys(node: unknown, prefix = ''): string[] {
  if (typeof node !== 'object' || node === null) return [prefix]
  return Object.entries(node).flatMap(([key, value]) => keys(value, `${prefix}/${key}`))
}

const plain = (all: string[]) => all.filter((key) => !key.endsWith('-one')).sort()

describe('the catalogue', () => {
  it('says the same things in both languages', () => {
    expect(plain(keys(en))).toEqual(plain(keys(zh)))
    expect(plain(keys(fieldEn))).toEqual(plain([...keys(fieldZh), ...keys(fieldMoreZh)]))
  })
})

describe('words', () => {
  it('fill in what is named in braces', () => {
    expect(words.t('dates.today-at', { clock: '10:42' })).toBe('今天 10:42')
  })

  it('of later screens come when they are asked for', async () => {
    expect(() => words.t('field.map.title')).toThrow('field.map.title')
    await words.complete()
    expect(words.t('field.map.title')).toBe('网格地图')
    expect(words.t('field.back')).toBe('返回')
  })

  it('write a day as a sentence does', () => {
    expect(new Words().day('2026-11-23T01:00:00+08:00')).toBe('11月23日 周一')
  })

  it('fail loudly where nobody wrote any', () => {
    expect(() => words.t('no.such')).toThrow('no.such')
  })
})

describe('labels of a service', () => {
  it('fall back to the value', () => {
    const labels = { enums: { presence: { living: '常住' } } }
    expect([label(labels, 'presence', 'living'), label(labels, 'presence', 'new'), label(undefined, 'x', 'y')]).toEqual(['常住', 'new', 'y'])
  })
})
