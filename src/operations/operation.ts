/**
 * What an operation is: one thing that a person or a system may ask of Switchhook, defined once. The doors (command
 * line, jobs) know the list of operations (all.ts) and add nothing but form: a new operation is in all of them by being
 * in the list. perform.ts performs one.
 */
import { z } from 'zod'
import type { Roster } from '../agent/roster.ts'
import type { Clock } from '../base/clock.ts'
import type { Country } from '../base/country.ts'
import type { ErrorCode } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import type { Events } from '../events/events.ts'
import type { ClickToDial } from '../campaign/click-to-dial.ts'
import type { DialStatuses } from '../campaign/dial-status.ts'
import type { DialWakeup } from '../campaign/dial-wakeup.ts'
import type { QueueStore } from '../queue/store.ts'
import type { Sql } from '../store/sql.ts'
import type { Audit } from './audit.ts'
import type { CallAct } from './call-act.ts'

/** Each role may do all that the roles before it may. */
export const ROLES = ['reader', 'supervisor', 'administrator'] as const
type Role = (typeof ROLES)[number]

/** The person or system that asks, and the door by which the request came. */
export interface Actor {
  readonly who: string
  readonly door: 'command-line' | 'job' | 'flow' | 'http'
  readonly role: Role
  /** False: telephone numbers are masked for it. */
  readonly seesNumbers?: boolean
}

interface Common {
  readonly clock: Clock
  /** The setting COUNTRY: the country of numbers without a country code. */
  readonly country?: Country | null
  /** The settings EVENTS_SOURCE and WEBHOOK_ALLOW. */
  readonly eventsOut: { readonly source: string; readonly allow: readonly string[] }
  /** Hears how far a long operation is; absent where nobody looks. */
  readonly progress?: ((progress: Progress) => void) | undefined
  readonly log: Log
  readonly audit: Audit
}

/** PostgreSQL: definitions, calls, campaigns, leads. */
interface DatabaseParts extends Common {
  readonly sql: Sql
}

/** Redis: the state of queues and agents. */
interface RedisParts extends Common {
  readonly roster: Roster
  readonly queueStore: QueueStore
}

/** How far a long operation is. `phase` is a word for people; `all` is null when it is not known. */
export interface Progress {
  readonly phase: string
  readonly done: number
  readonly all: number | null
}

/** Both stores, without a node. */
export interface StoreParts extends DatabaseParts, RedisParts {
  readonly wakeup: DialWakeup
  readonly statuses: Pick<DialStatuses, 'read' | 'owner'>
  readonly events: Events
  /** The folder of the flows. */
  readonly scripts: string
}

/** What only a running node can do: it has the links to the FreeSWITCHes. */
export interface NodeParts extends StoreParts {
  readonly node: LiveCalls
}

export interface LiveCalls {
  /** Resolves with the uuid of the agent's call when the agent's telephone rings. Rejects with NOT_REACHED. */
  dial(request: ClickToDial): Promise<{ uuid: string }>
  /** False when no FreeSWITCH has the call. Rejects with SwitchError when one cannot be asked. */
  hangUp(call: string, cause: string): Promise<boolean>
  /**
   * The node that drives the call does this. False when no node drives it. Rejects with Refusal WRONG_STATE, with
   * SwitchError, and with SERVICE when that node does not answer.
   */
  act(act: CallAct): Promise<boolean>
  /**
   * The other one of the two holds the caller, who hears music; false: no longer. Any node can do it. False when no
   * FreeSWITCH has the call. Rejects with Refusal WRONG_STATE when the caller does not talk, and with SwitchError.
   */
  hold(call: string, on: boolean): Promise<boolean>
  /** Does the other one of the two hold the caller? Null without such a call; rejects as `hold` does. */
  isHeld(call: string): Promise<boolean | null>
  /**
   * Brings a call that is not Switchhook's into the flow queue-entry. False when no FreeSWITCH has it, and when a node
   * has it. Rejects with SwitchError.
   */
  bring(call: string, queue: string): Promise<boolean>
  /** Third legs beside a talk, and the mask of its recording: node/third-legs.ts. */
  readonly beside: BesideTalks
}

/** Null, or false, when there is no such call, supervisor or third person. Each rejects with Refusal WRONG_STATE. */
interface BesideTalks {
  supervise(call: string, mode: 'listen' | 'whisper' | 'barge', telephone: string | undefined): Promise<string | null>
  stopSupervision(call: string): Promise<boolean>
  add(call: string, to: string): Promise<string | null>
  drop(call: string): Promise<boolean>
  invite(call: string, to: string, name: string): Promise<string | null>
  remove(call: string, name: string): Promise<boolean>
  mask(call: string, on: boolean): Promise<string | null>
}

/** The parts that an operation needs, by its `needs`. The other store may be down. */
export interface PartsFor {
  database: DatabaseParts
  redis: RedisParts
  stores: StoreParts
  node: NodeParts
}
export type Needs = keyof PartsFor

export interface Operation<
  Input extends z.ZodObject = z.ZodObject,
  Output extends z.ZodType = z.ZodType,
  N extends Needs = Needs,
> {
  /** '<noun>.<verb>': `switchhook <noun> <verb>` on the command line. */
  readonly name: `${string}.${string}`
  /** One line for --help: what it does. */
  readonly summary: string
  readonly needs: N
  readonly role: Role
  /** The fields that stand without a name on the command line, in this order. The first names the thing. */
  readonly positional: readonly (keyof z.input<Input> & string)[]
  readonly input: Input
  readonly output: Output
  /** The doors by which it may come; absent: all. */
  readonly doors?: readonly Actor['door'][]
  /** The refusals besides BAD_INPUT and FORBIDDEN, which every operation has. */
  readonly refusals: readonly ErrorCode[]
  /** False: it only reads. What it changes leaves an audit row. */
  readonly changes: boolean
  /** It calls somebody, or adds people to a list: a program that does not know whether it was done must not guess. */
  readonly mustBeOnce?: boolean
  /** Its output holds a secret: no store keeps it, not even as the answer of a request that is sent again. */
  readonly secret?: boolean
  /** Of a list with the fields `limit` and `after`: the field of its last row that is `after` for the next page. */
  readonly cursor?: string
  /** Reads the thing that it changes, for `before` and `after` in the audit row; null when there is no such thing. */
  thing?(parts: PartsFor[N], input: z.output<Input>): Promise<unknown>
  run(parts: PartsFor[N], input: z.output<Input>, actor: Actor): Promise<Immutable<z.input<Output>>>
}

/** As the rooms give their records: the schema of an output would demand arrays and objects that may be changed. */
export type Immutable<T> = T extends Date ? T : T extends object ? { readonly [K in keyof T]: Immutable<T[K]> } : T

/** Checks the types of one operation. */
export const operation = <Input extends z.ZodObject, Output extends z.ZodType, N extends Needs>(
  one: Operation<Input, Output, N>,
): Operation<Input, Output, N> => one

/** A field of an input, as the doors show it. */
export interface Field {
  readonly name: string
  /** Of JSON Schema: string, number, boolean, array. */
  readonly type?: string
  readonly description?: string
  readonly placeholder?: string
  readonly default?: unknown
  readonly required: boolean
  /** One of the settings of the thing (base/settings.ts). */
  readonly setting?: boolean
}

/** The fields of an input, in their order. */
export function fieldsOf({ input }: Pick<Operation, 'input'>): readonly Field[] {
  const { properties = {}, required = [] } = z.toJSONSchema(input, { io: 'input', unrepresentable: 'any' }) as {
    properties?: Record<string, Omit<Field, 'name' | 'required'>>
    required?: readonly string[]
  }
  return Object.entries(properties).map(([name, field]) => ({ ...field, name, required: required.includes(name) }))
}

/** The text of a field as its value, where everything comes as text; the operation checks it. */
export function valueOf(text: string, { type }: Pick<Field, 'type'>): unknown {
  if (type === 'number' || type === 'integer')
    return Number.isNaN(Number(text)) || text.trim() === '' ? text : Number(text)
  return type === 'array' ? text.split(',').map(part => part.trim()) : text
}

export type OutputOf<One> = One extends { readonly output: infer Output extends z.ZodType } ? z.output<Output> : never
