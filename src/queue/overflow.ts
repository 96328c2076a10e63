/** Where a caller goes who is not let into a queue, or leaves it without an agent: a setting for each reason. */
import { z } from 'zod'
import { InputError } from '../base/errors.ts'
import { text } from '../base/settings.ts'
import { extension } from '../esl/safe-text.ts'

/**
 * Why a caller is not let into a queue, or leaves it without an agent:
 *
 *   blocked       the caller's number is on the list of blocked numbers
 *   closed        it is outside the opening hours
 *   full          as many callers wait as may
 *   no-agents     no agent of the queue is logged in
 *   all-on-break  every agent of the queue who is logged in is on a break
 *   long-wait     the estimated wait is longer than callers are asked to wait
 *   max-wait      the caller has waited for the longest time
 *   exit-key      the caller pressed one of the keys that lead out of the queue
 */
export type Reason =
  | 'blocked'
  | 'closed'
  | 'full'
  | 'no-agents'
  | 'all-on-break'
  | 'long-wait'
  | 'max-wait'
  | 'exit-key'

export type Overflow =
  /** Another queue; by default the caller keeps the time that was waited. */
  | { readonly to: 'queue'; readonly queue: string }
  /** An extension of FreeSWITCH's dialplan. */
  | { readonly to: 'extension'; readonly extension: string }
  /** The voice mailbox of this extension. */
  | { readonly to: 'voicemail'; readonly extension: string }
  /** A callback is offered. */
  | { readonly to: 'callback' }
  | { readonly to: 'hangup' }

const ALLOWED = 'queue:<name>, extension:<number>, voicemail:<number>, callback, hangup'

const storedOverflow: z.ZodType<Overflow> = z.discriminatedUnion('to', [
  z.looseObject({ to: z.literal('queue'), queue: z.string() }),
  z.looseObject({ to: z.enum(['extension', 'voicemail']), extension: z.string() }),
  z.looseObject({ to: z.enum(['callback', 'hangup']) }),
])

/** @throws InputError (BAD_INPUT) for a text that names no target */
export function parseOverflow(written: string): Overflow {
  const [, kind = '', name = ''] = /^([a-z]+)(?::(.+))?$/.exec(written.trim()) ?? []
  if (name === '' && (kind === 'callback' || kind === 'hangup')) return { to: kind }
  if (name !== '' && kind === 'queue') return { to: kind, queue: name }
  if (name !== '' && (kind === 'extension' || kind === 'voicemail')) return { to: kind, extension: extension(name) }
  throw new InputError(`'${written}' is not a place for callers; allowed: ${ALLOWED}`)
}

/** As `parseOverflow` reads it. */
export const sayOverflow = (target: Overflow): string =>
  target.to === 'queue'
    ? `queue:${target.queue}`
    : 'extension' in target
      ? `${target.to}:${target.extension}`
      : target.to

/** The queues to which these settings send callers. */
export const targetQueues = (settings: object): string[] =>
  Object.values(settings).flatMap(value => (Object(value).to === 'queue' ? [(value as { queue: string }).queue] : []))

/** The setting for one reason. */
export const overflowFor = (who: string) =>
  text<Overflow>({
    standard: { to: 'hangup' },
    stored: storedOverflow,
    parse: parseOverflow,
    say: sayOverflow,
    placeholder: '<target>',
    description: `where callers go ${who}: ${ALLOWED}`,
  })
