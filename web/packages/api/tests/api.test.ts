import { afterEach, describe, expect, it, vi } from 'vitest'
import { createClient, Problem, uuid7 } from '../src'

afterEach(() => vi.unstubAllGlobals())

function answering(body: unknown, init: ResponseInit): void {
  const type = { 'content-type': 'application/problem+json' }
  const answer = async () => new Response(JSON.stringify(body), { headers: type, ...init })
  vi.stubGlobal('fetch', vi.fn(answer))
  vi.stubGlobal('Request', class extends Request { constructor(url: string, init?: RequestInit) { super(new URL(url, 'http://grid'), init) } })
}

describe('ids made on the phone', () => {
  it('sort by the moment they were made, also within one millisecond', () => {
    const made = Array.from({ length: 5_000 }, () => uuid7(1_764_000_000_000))
    expect([...made].sort()).toEqual(made)
    expect(new Set(made).size).toBe(made.length)
  })

  it('are version 7, variant 10', () => {
    expect(uuid7()).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  })
})

describe('a refusal', () => {
  it('is thrown with what the service said of it', async () => {
    const errors = [{ pointer: '/login', code: 'too-short', message: '太短' }]
    answering({ code: 'invalid-input', title: '填写有误', detail: '请改正。', traceId: 'abc', errors }, { status: 400 })
    const caught = await createClient('gateway').GET('/me').catch((error: unknown) => error)
    expect(caught).toBeInstanceOf(Problem)
    const problem = caught as Problem
    expect([problem.code, problem.traceId, problem.at('/login'), problem.passing]).toEqual(['invalid-input', 'abc', '太短', false])
  })

  it('without a document keeps its status, and says when to come again', async () => {
    answering('x', { status: 503, headers: { 'Retry-After': '7' } })
    const problem = (await createClient('gateway').GET('/me').catch((error: unknown) => error)) as Problem
    expect([problem.status, problem.retryAfter, problem.passing]).toEqual([503, 7, true])
  })

  it('is told apart from nobody answering', async () => {
    answering({}, {})
    vi.stubGlobal('fetch', vi.fn(async () => Promise.reject(new TypeError('offline'))))
    const problem = (await createClient('gateway').GET('/me').catch((error: unknown) => error)) as Problem
    expect([problem.status, problem.code]).toEqual([0, 'unreachable'])
  })
})
