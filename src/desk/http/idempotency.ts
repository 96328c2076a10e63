/**
 * The header Idempotency-Key: a client that does not know whether its request was done sends it again, with the same
 * key, and gets the answer of the first one. (IETF draft-ietf-httpapi-idempotency-key-header-07.)
 */
import { createHash } from 'node:crypto'
import type { Clock } from '../../base/clock.ts'
import { InputError, SwitchhookError } from '../../base/errors.ts'
import type { Log } from '../../base/log.ts'
import type { Operation } from '../../operations/operation.ts'
import { beginRequest, deleteOldRequests, endRequest, forgetRequest } from '../../store/idempotency-keys.ts'
import type { Sql } from '../../store/sql.ts'
import { DoorError } from './problems.ts'

/** A key is remembered for so long. */
const KEPT_MS = 86_400_000
const DELETE_EVERY_MS = 3_600_000
const KEY = /^[\x21-\x7e]{1,128}$/

/** Whether a request for this operation may carry a key. */
export const takesKey = ({ changes, secret = false }: Operation): boolean => changes && !secret

export interface Answer {
  readonly status: number
  readonly body: unknown
}

export class Idempotency {
  readonly #parts: { readonly sql: Sql; readonly clock: Clock; readonly log: Log }
  #deletedAt = -Infinity

  constructor(parts: { readonly sql: Sql; readonly clock: Clock; readonly log: Log }) {
    this.#parts = parts
  }

  /**
   * Does `work` once for this key of this caller; later ones get its answer. After a refusal the key is free again.
   * Rejects with DoorError KEY_IN_PROGRESS and KEY_REUSED, and as `work` does.
   */
  async once(caller: string, key: string, request: string, work: () => Promise<Answer>): Promise<Answer> {
    if (!KEY.test(key))
      throw new InputError(
        'Idempotency-Key cannot be used; allowed: 1 to 128 letters, digits and signs of ASCII, no blanks',
      )
    const { sql, clock } = this.#parts
    const hash = createHash('sha256').update(request).digest()
    const first = await beginRequest(sql, { caller, key, request: hash, now: clock.now() })
    if (first) return repeated(first.request.equals(hash), first)
    let answer: Answer
    try {
      answer = await work()
    } catch (error) {
      if (isRefusal(error)) await this.#tidy(forgetRequest(sql, { caller, key }))
      throw error
    }
    await this.#tidy(endRequest(sql, { caller, key }, { status: answer.status, answer: answer.body }))
    await this.#tidy(this.#deleteOld())
    return answer
  }

  async #deleteOld(): Promise<void> {
    const { sql, clock } = this.#parts
    if (clock.monotonic() - this.#deletedAt < DELETE_EVERY_MS) return
    this.#deletedAt = clock.monotonic()
    if (await deleteOldRequests(sql, clock.now() - KEPT_MS)) this.#deletedAt = -Infinity // the next request goes on
  }

  /** What was done is done, whether or not it could be written down. */
  async #tidy(write: Promise<void>): Promise<void> {
    await write.catch((error: Error) =>
      this.#parts.log.warn({ error: error.message }, 'what became of a request with an Idempotency-Key was not stored'),
    )
  }
}

/** Nothing was done, for certain. Of any other error nobody knows, so the key stays in use. */
const isRefusal = (error: unknown): boolean =>
  error instanceof DoorError || (error instanceof SwitchhookError && !UNCERTAIN.has(error.code))

const UNCERTAIN: ReadonlySet<string> = new Set(['SERVICE', 'SWITCH_TIMEOUT', 'LINK_DOWN'])

function repeated(
  isSame: boolean,
  { status, answer }: { readonly status: number | null; readonly answer: unknown },
): Answer {
  if (!isSame)
    throw new DoorError(
      'KEY_REUSED',
      'a request with other content was sent with this key in the last 24 hours: choose a new key',
    )
  if (status === null)
    throw new DoorError(
      'KEY_IN_PROGRESS',
      'the first request with this key is under way, or its node ended during it: ask for what it should have done before you choose a new key',
      { 'retry-after': '1' },
    )
  return { status, body: answer }
}
