/**
 * How an attempt to call a customer back ends, and what follows: one closed list, one table. The flow of the call
 * returns one of these words, or FreeSWITCH or Switchhook determines one.
 */
import { z } from 'zod'
import { ms, said, type Duration } from '../../base/duration.ts'
import { InputError } from '../../base/errors.ts'

/** What the end of an attempt means. */
interface Meaning {
  readonly means: string
  /** The customer's telephone was dialled, or may have been: a try is used up. */
  readonly counts: boolean
  /** 'pause': the queue's setting decides; 'at once' and 'soon': it is no matter of the customer; or the last state. */
  readonly next: 'pause' | 'at once' | 'soon' | 'done' | 'failed'
}

const ENDS = {
  talked: { means: 'the customer talked with an agent', counts: true, next: 'done' },
  busy: { means: "the customer's line was busy", counts: true, next: 'pause' },
  'no-answer': { means: 'the customer did not answer', counts: true, next: 'pause' },
  declined: { means: 'the customer rejected the call', counts: true, next: 'pause' },
  machine: { means: 'no person answered, or none that wants to be connected', counts: true, next: 'pause' },
  'hung-up': { means: 'the customer hung up before an agent was there', counts: true, next: 'pause' },
  cancelled: { means: 'the agent hung up while the customer was called', counts: true, next: 'pause' },
  invalid: { means: 'there is no such number', counts: true, next: 'failed' },
  failed: { means: 'the network failed', counts: true, next: 'pause' },
  lost: { means: 'the outcome is unknown: a FreeSWITCH or a node died', counts: true, next: 'pause' },
  error: { means: 'the script failed', counts: true, next: 'pause' },
  'not-taken': { means: 'the agent did not take it', counts: false, next: 'at once' },
  refused: { means: 'FreeSWITCH did not dial', counts: false, next: 'soon' },
  closed: { means: 'the calling hours were over', counts: false, next: 'at once' },
} as const satisfies Record<string, Meaning>

/** Every way in which an attempt ends. */
export type CallbackEnd = keyof typeof ENDS
const CALLBACK_ENDS = Object.keys(ENDS) as readonly CallbackEnd[]

export const meaningOf = (end: CallbackEnd): Meaning => ENDS[end]

export const isCallbackEnd = (value: unknown): value is CallbackEnd =>
  typeof value === 'string' && Object.hasOwn(ENDS, value)

/** The pause after each end that is tried again, in milliseconds; `other`: after every end that is not named. */
export type RetryAfter = { readonly [End in CallbackEnd]?: number } & { readonly other: number }

export const storedRetryAfter = z
  .record(z.string(), z.number())
  .and(z.object({ other: z.number() })) as z.ZodType<RetryAfter>

const PAUSED = CALLBACK_ENDS.filter(end => ENDS[end].next === 'pause')

/** Reads 'busy:5m, no-answer:1h, 30m': the last one, without a name, for all others. Throws InputError. */
export function parseRetryAfter(text: string): RetryAfter {
  const pauses = new Map<string, number>()
  for (const part of text.split(',').map(one => one.trim())) {
    const [, name = 'other', pause = ''] = /^(?:([a-z-]+):)?(.*)$/.exec(part) ?? []
    if (name !== 'other' && !PAUSED.some(end => end === name))
      throw new InputError(`'${name}' is not followed by another try; allowed: ${PAUSED.join(', ')}`)
    pauses.set(name, ms(pause as Duration))
  }
  if (!pauses.has('other')) throw new InputError(`'${text}' lacks the pause for all other ends: 'busy:5m, 30m'`)
  return Object.fromEntries(pauses) as RetryAfter
}

export function sayRetryAfter({ other, ...named }: RetryAfter): string {
  return [...Object.entries(named).map(([end, pause]) => `${end}:${said(pause)}`), said(other)].join(', ')
}
