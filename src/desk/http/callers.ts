/**
 * Who asks: the API key of a request. A key is looked up at most every five seconds, so a revoked one stops soon. From
 * an address that sent wrong keys only keys that are known already are looked at: nobody can try many, and a program
 * behind the same address goes on.
 */
import { timingSafeEqual } from 'node:crypto'
import type { Clock } from '../../base/clock.ts'
import type { Log } from '../../base/log.ts'
import { readKey } from '../../operations/key/key-shape.ts'
import { ROLES, type Actor } from '../../operations/operation.ts'
import { apiKeyById, noteApiKeyUse, type ApiKeyRow } from '../../store/api-keys.ts'
import type { Sql } from '../../store/sql.ts'
import { DoorError } from './problems.ts'
import { WrongTries } from './wrong-tries.ts'

/** A revoked key works for so long at most. */
const KNOWN_MS = 5_000
const MOST_KNOWN = 1_000
const NOTED_MS = 60_000

export interface Caller {
  /** Of the key. */
  readonly id: string
  readonly actor: Actor
}

type Key = ApiKeyRow & { readonly hash: Buffer }

export class Callers {
  readonly #parts: { readonly sql: Sql; readonly clock: Clock; readonly log: Log }
  /** The oldest first. */
  readonly #known = new Map<string, { readonly key: Key; readonly at: number }>()
  readonly #noted = new Map<string, number>()
  readonly #wrong = new WrongTries('keys')

  constructor(parts: { readonly sql: Sql; readonly clock: Clock; readonly log: Log }) {
    this.#parts = parts
  }

  /**
   * Resolves with the owner of the key in the header Authorization. Rejects with DoorError NO_KEY and TOO_MANY_TRIES,
   * and with SERVICE when the database does not answer.
   */
  async callerOf(authorization: string | null, address: string): Promise<Caller> {
    const given = readKey(/^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1] ?? '')
    if (!given) throw await this.#refused(address)
    const isBlocked = await this.#wrong.isBlocked(address)
    const key = await this.#lookUp(given.id, isBlocked)
    // the same work for an unknown key, so that the time of the answer tells nothing
    const fits = timingSafeEqual(given.hash, key?.hash ?? Buffer.alloc(given.hash.length))
    const now = this.#parts.clock.now()
    const role = ROLES.find(one => one === key?.role)
    if (!key || !fits || !role || key.revokedAt !== null || (key.expiresAt && key.expiresAt.getTime() <= now))
      throw await this.#refused(address)
    this.#note(key, now)
    return { id: key.id, actor: { who: `key ${key.name}`, door: 'http', role, seesNumbers: key.seesNumbers } }
  }

  /** Null: there is no such key, or it would have to be looked up for an address that is blocked. */
  async #lookUp(id: string, isBlocked: boolean): Promise<Key | null> {
    const { sql, clock } = this.#parts
    const known = this.#known.get(id)
    if (known && clock.monotonic() - known.at < KNOWN_MS) return known.key
    if (!known && isBlocked) return null
    const key = await apiKeyById(sql, id)
    this.#known.delete(id)
    if (!key) return null
    this.#known.set(id, { key, at: clock.monotonic() })
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= MOST_KNOWN) break
      this.#known.delete(oldest)
      this.#noted.delete(oldest)
    }
    return key
  }

  async #refused(address: string): Promise<DoorError> {
    await this.#wrong.count(address)
    const how = "send 'Authorization: Bearer <key>'; `switchhook key add <name>` makes a key"
    return new DoorError('NO_KEY', `no key in use was given: ${how}`, { 'www-authenticate': 'Bearer' })
  }

  #note({ id, name }: Key, now: number): void {
    const { sql, log } = this.#parts
    if (now - (this.#noted.get(id) ?? -Infinity) < NOTED_MS) return
    this.#noted.set(id, now)
    noteApiKeyUse(sql, id, now).catch((error: Error) =>
      log.warn({ key: name, error: error.message }, 'the last use of an API key was not stored'),
    )
  }
}
