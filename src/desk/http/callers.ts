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
import { Known } from './known.ts'
import { DoorError } from './problems.ts'
import { WrongTries } from './wrong-tries.ts'

export interface Caller {
  /** Of the key. */
  readonly id: string
  readonly actor: Actor
}

type Key = ApiKeyRow & { readonly hash: Buffer }

export class Callers {
  readonly #parts: { readonly sql: Sql; readonly clock: Clock; readonly log: Log }
  readonly #known: Known<Key>
  readonly #wrong = new WrongTries('keys')

  constructor(parts: { readonly sql: Sql; readonly clock: Clock; readonly log: Log }) {
    this.#parts = parts
    this.#known = new Known(parts.clock)
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
    if (isBlocked && !this.#known.has(id)) return null
    return this.#known.get(id, () => apiKeyById(this.#parts.sql, id))
  }

  async #refused(address: string): Promise<DoorError> {
    await this.#wrong.count(address)
    const how = "send 'Authorization: Bearer <key>'; `switchhook key add <name>` makes a key"
    return new DoorError('NO_KEY', `no key in use was given: ${how}`, { 'www-authenticate': 'Bearer' })
  }

  #note({ id, name }: Key, now: number): void {
    const { sql, log } = this.#parts
    if (!this.#known.isNoteDue(id)) return
    noteApiKeyUse(sql, id, now).catch((error: Error) =>
      log.warn({ key: name, error: error.message }, 'the last use of an API key was not stored'),
    )
  }
}
