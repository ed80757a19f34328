/** A refusal (RFC 9457) as something that can be thrown and shown. */

export interface ProblemError {
  pointer: string
  code: string
  message: string
}

interface Told {
  code?: string
  title?: string
  detail?: string
  traceId?: string | null
  errors?: ProblemError[]
}

export class Problem extends Error {
  readonly errors: readonly ProblemError[]
  readonly traceId: string | null

  /** `status` 0 means that nobody answered; then title and detail are empty and the page finds its own words. */
  constructor(
    readonly status: number,
    readonly code: string,
    readonly title: string,
    readonly detail: string,
    more: { errors?: readonly ProblemError[]; traceId?: string | null; retryAfter?: number | null } = {},
  ) {
    super(title || code)
    this.name = 'Problem'
    this.errors = more.errors ?? []
    this.traceId = more.traceId ?? null
    this.retryAfter = more.retryAfter ?? null
  }

  /** Seconds to wait before asking again, when the answer said so. */
  readonly retryAfter: number | null

  static async of(response: Response): Promise<Problem> {
    const told = await Problem.#read(response)
    const wait = Number.parseInt(response.headers.get('Retry-After') ?? '', 10)
    const more = {
      errors: told.errors ?? [],
      traceId: told.traceId ?? null,
      retryAfter: Number.isFinite(wait) ? wait : null,
    }
    return new Problem(response.status, told.code ?? `http-${response.status}`, told.title ?? '', told.detail ?? '', more)
  }

  static unreachable(_: unknown): Problem {
    return new Problem(0, 'unreachable', '', '')
  }

  /** Whether the same request may succeed later without a change. */
  get passing(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 500
  }

  /** The message for one member of what was sent, by its JSON pointer. */
  at(pointer: string): string | undefined {
    return this.errors.find((each) => each.pointer === pointer)?.message
  }

  static async #read(response: Response): Promise<Told> {
    try {
      const body: unknown = await response.json()
      return typeof body === 'object' && body !== null ? (body as Told) : {}
    } catch {
      return {}
    }
  }
}
