/**
 * The requests by which a person logs in and out: `POST`, `GET` and `DELETE /session`, `POST /session/password`. Used
 * by app.ts, which also asks here who a cookie belongs to.
 */
import type { Context, Hono } from 'hono'
import { getCookie, setCookie, deleteCookie } from 'hono/cookie'
import { z } from 'zod'
import { readInput } from '../../base/parsed.ts'
import type { Caller } from './callers.ts'
import { meOf, mustBeOwnPage, type Sessions } from './sessions.ts'

const Login = z.strictObject({ name: z.string().min(1).max(64), password: z.string().min(1).max(200) })
const Change = z.strictObject({ old: z.string().min(1).max(200), password: z.string().min(1).max(200) })
const LASTS_S = 7 * 86_400

export interface SessionDoor {
  readonly sessions: Pick<Sessions, 'open' | 'personOf' | 'callerOf' | 'close' | 'change'>
  /** Browsers reach the desk by TLS: the cookie goes no other way. */
  readonly isSecure: boolean
  /** The JSON of the body. */
  bodyOf(c: Context): Promise<unknown>
  addressOf(c: Context): string
}

/** The cookie of a session: with TLS its name keeps other hosts of the domain from setting it. */
const nameOf = ({ isSecure }: Pick<SessionDoor, 'isSecure'>) => (isSecure ? '__Host-switchhook' : 'switchhook')

const secretOf = (c: Context, door: Pick<SessionDoor, 'isSecure'>): string | undefined => getCookie(c, nameOf(door))

const mustBeOwn = (c: Context) =>
  mustBeOwnPage(c.req.header('x-switchhook'), c.req.header('origin'), c.req.header('host'))

/** The person of the cookie; null: there is no cookie. Rejects with DoorError. */
export async function personOfCookie(c: Context, door: SessionDoor): Promise<Caller | null> {
  const secret = secretOf(c, door)
  if (secret === undefined) return null
  if (!['GET', 'HEAD'].includes(c.req.method)) mustBeOwn(c)
  return door.sessions.callerOf(secret)
}

// oxlint-disable-next-line typescript/no-explicit-any -- of whatever environment
export function addSessionRoutes(app: Hono<any>, door: SessionDoor): void {
  const { sessions, isSecure, bodyOf, addressOf } = door
  const keep = (c: Context, secret: string) =>
    setCookie(c, nameOf(door), secret, {
      path: '/',
      httpOnly: true,
      sameSite: 'Strict',
      secure: isSecure,
      maxAge: LASTS_S,
    })
  app.post('/session', async c => {
    mustBeOwn(c)
    const { name, password } = readInput(Login, await bodyOf(c))
    const { secret, me } = await sessions.open(name, password, addressOf(c))
    keep(c, secret)
    return c.json(me)
  })
  app.get('/session', async c => {
    const person = await sessions.personOf(secretOf(c, door) ?? '')
    return person ? c.json(meOf(person)) : c.body(null, 204) // no failure: each page asks before the log-in
  })
  app.delete('/session', async c => {
    mustBeOwn(c)
    const secret = secretOf(c, door)
    if (secret !== undefined) await sessions.close(secret)
    deleteCookie(c, nameOf(door), { path: '/', secure: isSecure })
    return c.body(null, 204)
  })
  app.post('/session/password', async c => {
    mustBeOwn(c)
    const { secret, me } = await sessions.change(
      secretOf(c, door) ?? '',
      readInput(Change, await bodyOf(c)),
      addressOf(c),
    )
    keep(c, secret)
    return c.json(me)
  })
}
