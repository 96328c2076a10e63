/**
 * People who are logged in: a password opens a session, and a cookie holds its secret. Against guessing: ten wrong
 * passwords in a minute from one address, and ten for one person, who is then locked for a quarter of an hour; two
 * passwords at a time, because each costs 0.3 s. Against other sites: the cookie is SameSite=Strict, and a
 * change must come from a page of the desk (mustBeOwnPage).
 */
import { createHash, randomBytes } from 'node:crypto'
import type { Clock } from '../../base/clock.ts'
import type { Log } from '../../base/log.ts'
import { ROLES } from '../../operations/operation.ts'
import { hashed, isPassword, mustBePassword } from '../../operations/person/password.ts'
import {
  addSession,
  changePassword,
  endSession,
  notePasswordFailure,
  notePasswordSuccess,
  noteSessionUse,
  personOfSession,
  personWithPassword,
  type PersonRow,
} from '../../store/people.ts'
import type { Sql } from '../../store/sql.ts'
import type { Caller } from './callers.ts'
import { Known } from './known.ts'
import { DoorError } from './problems.ts'
import { MOST_WRONG, WrongTries } from './wrong-tries.ts'

/** A wall screen stays logged in for a week; somebody who goes home is logged out in the night. */
const LASTS_MS = 7 * 86_400_000
const IDLE_MS = 12 * 3_600_000
const LOCKED_MS = 15 * 60_000
/** Passwords that are checked at the same time. */
const AT_ONCE = 2

interface Parts {
  readonly sql: Sql
  readonly clock: Clock
  readonly log: Log
}

/** What a page of the desk knows of who looks at it. */
export interface Me {
  readonly name: string
  readonly role: string
  readonly agent: string | null
  readonly seesNumbers: boolean
  /** The person must choose a new password before anything else. */
  readonly mustChange: boolean
}

export const meOf = ({ name, role, agent, seesNumbers, mustChange }: PersonRow): Me => ({
  ...{ name, role, agent, seesNumbers, mustChange },
})

interface Opened {
  /** For the cookie. */
  readonly secret: string
  readonly me: Me
}

export class Sessions {
  readonly #parts: Parts
  /** By the hash of the secret. */
  readonly #known: Known<PersonRow>
  readonly #wrong = new WrongTries('passwords')
  #checking = 0

  constructor(parts: Parts) {
    this.#parts = parts
    this.#known = new Known(parts.clock)
  }

  /** Resolves with the secret of the cookie. Rejects with DoorError for a wrong password, and after too many. */
  async open(name: string, password: string, address: string): Promise<Opened> {
    return this.#begin(await this.#checked(name, password, address), address)
  }

  /** Null: there is no such session, or it has ended. */
  async personOf(secret: string): Promise<PersonRow | null> {
    const { sql, clock } = this.#parts
    const id = idOf(secret)
    const key = id.toString('hex')
    const now = clock.now()
    const person = await this.#known.get(key, () => personOfSession(sql, id, { now, idleSince: now - IDLE_MS }))
    if (this.#known.isNoteDue(key)) await noteSessionUse(sql, id, now)
    return person
  }

  /** Rejects with DoorError NO_SESSION and MUST_CHANGE. */
  async callerOf(secret: string): Promise<Caller> {
    const person = await this.personOf(secret)
    const role = ROLES.find(one => one === person?.role)
    if (!person || !role) throw new DoorError('NO_SESSION', 'log in: the session has ended')
    if (person.mustChange) throw new DoorError('MUST_CHANGE', 'choose a password of your own first')
    const { name, seesNumbers } = person
    return { id: `person:${name}`, actor: { who: name, door: 'http', role, seesNumbers } }
  }

  async close(secret: string): Promise<void> {
    this.#known.forget(idOf(secret).toString('hex'))
    await endSession(this.#parts.sql, idOf(secret))
  }

  /** A new password of the person's own choice; every session ends, and the person has a new one. */
  async change(
    secret: string,
    words: { readonly old: string; readonly password: string },
    address: string,
  ): Promise<Opened> {
    const { sql } = this.#parts
    const person = await this.personOf(secret)
    if (!person) throw new DoorError('NO_SESSION', 'log in: the session has ended')
    const checked = await this.#checked(person.name, words.old, address)
    mustBePassword(words.password, person.name)
    await changePassword(sql, person.name, await this.#once(() => hashed(words.password)), false)
    this.#known.clear()
    return this.#begin({ ...checked, mustChange: false }, address)
  }

  async #begin(person: PersonRow, address: string): Promise<Opened> {
    const { sql, clock, log } = this.#parts
    const { name } = person
    const now = clock.now()
    const secret = randomBytes(32).toString('base64url')
    await notePasswordSuccess(sql, name, now)
    await addSession(sql, { id: idOf(secret), person: name, begunAt: now, endsAt: now + LASTS_MS })
    log.info({ person: name, address }, 'a person has logged in')
    return { secret, me: meOf(person) }
  }

  async #checked(name: string, password: string, address: string): Promise<PersonRow> {
    const { sql, clock } = this.#parts
    if (await this.#wrong.isBlocked(address)) throw this.#wrong.tooMany()
    const person = await personWithPassword(sql, name)
    const isRight = await this.#once(() => isPassword(password, person?.password ?? null))
    const locked = person?.lockedUntil && person.lockedUntil.getTime() > clock.now()
    if (person && isRight && !locked) return person
    await this.#wrong.count(address)
    if (person && !locked) await notePasswordFailure(sql, name, MOST_WRONG, clock.now() + LOCKED_MS)
    // the same words for a locked person, an unknown one and a wrong password: nobody learns who exists
    throw new DoorError(
      'NO_SESSION',
      'the name or the password is wrong, or the person is locked for a quarter of an hour',
    )
  }

  async #once<T>(work: () => Promise<T>): Promise<T> {
    if (this.#checking >= AT_ONCE)
      throw new DoorError('TOO_BUSY', 'others log in at this moment', { 'retry-after': '1' })
    this.#checking += 1
    try {
      return await work()
    } finally {
      this.#checking -= 1
    }
  }
}

const idOf = (secret: string): Buffer => createHash('sha256').update(secret).digest()

/**
 * Throws DoorError OTHER_SITE for a change that a page of another site may have sent with the cookie. `own`: the header
 * that only a page of the desk can add (a form of another site cannot); `origin` and `host` as the browser tells them.
 */
export function mustBeOwnPage(own: string | undefined, origin: string | undefined, host: string | undefined): void {
  const isOther = origin !== undefined && (!URL.canParse(origin) || new URL(origin).host !== host)
  if (own === 'page' && !isOther) return
  throw new DoorError(
    'OTHER_SITE',
    'a change with the cookie of a person needs the header X-Switchhook: page, from a page of the desk',
  )
}
