/**
 * An event as it leaves Switchhook: what it is about, its id, and its form as a CloudEvent (CloudEvents 1.0, JSON). The
 * outbox stores the parts, the feed, webhooks and sinks send the form.
 */
import { createHash } from 'node:crypto'
import { masked } from '../base/masked.ts'
import { CATALOGUE, type EventData, type EventName } from './catalogue.ts'

export interface StoredEvent {
  /** Its place in the order of all events. */
  readonly seq: number
  readonly id: string
  /** Its name in the catalogue, perhaps that of another version. */
  readonly type: string
  readonly v: number
  readonly subject: string
  readonly at: Date
  /** The process that told it. */
  readonly node: string
  readonly data: unknown
}

/** As it is written; who writes it, and its place, come with the writing. */
export type EventRow = Omit<StoredEvent, 'seq' | 'node'>

/** https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md, with its extension `sequence`. */
export interface CloudEvent {
  readonly specversion: '1.0'
  readonly id: string
  /** The setting EVENTS_SOURCE. */
  readonly source: string
  readonly type: string
  readonly subject: string
  readonly time: string
  readonly datacontenttype: 'application/json'
  readonly sequence: string
  readonly node: string
  readonly data: unknown
}

/** Before the name of an event in the type of a CloudEvent. */
const PREFIX = 'dev.switchhook.'
/** So many digits: sequences are compared as texts. */
const DIGITS = 16

/**
 * What an event is about, which is the subject of its order: a call (also of its lead and its place in a queue), else a
 * callback, an agent, a campaign, a queue or a FreeSWITCH.
 */
function subjectOf<N extends EventName>(name: N, data: EventData<N>): string {
  const { uuid, callback, agent, campaign, queue, switch: freeswitch } = data as Readonly<Record<string, unknown>>
  const ofAgent = name.startsWith('agent.') ? agent : undefined
  const ofCallback = name.startsWith('callback.') ? callback : undefined
  return String(ofAgent ?? ofCallback ?? uuid ?? callback ?? agent ?? campaign ?? queue ?? freeswitch)
}

/** `at`: milliseconds since the epoch. */
export const rowOf = <N extends EventName>(
  name: N,
  data: EventData<N>,
  { id, at }: { readonly id: string; readonly at: number },
): EventRow => ({
  ...{ id, data },
  type: name,
  v: CATALOGUE[name].version,
  subject: subjectOf(name, data),
  at: new Date(at),
})

/** The id of an event of a call's timeline: the same for every node that reads it in the journal of the call. */
export function timelineId(uuid: string, at: number, event: string, data: object): string {
  const content = createHash('sha256')
    .update(`${at} ${event} ${JSON.stringify(data)}`)
    .digest('hex')
  return `${uuid}.${content.slice(0, 16)}`
}

/** The type of a CloudEvent. */
export const typeOf = (name: string, version: number): string => `${PREFIX}${name}.v${version}`

/** As it is sent. `seesNumbers`: false: personal data is masked. */
export function cloudEvent(event: StoredEvent, source: string, seesNumbers: boolean): CloudEvent {
  const { id, type, v, subject, at, seq, node, data } = event
  return {
    ...{ specversion: '1.0', id, source, subject, node, datacontenttype: 'application/json' },
    type: typeOf(type, v),
    time: at.toISOString(),
    sequence: String(seq).padStart(DIGITS, '0'),
    data: seesNumbers ? data : masked(data),
  }
}

/** A pattern of names: `call.*` has every name below `call.`; `*` has all. */
export const EVENT_PATTERN = /^(?:\*|[a-z_]+(?:\.[a-z_]+)*(?:\.\*)?)$/

/** Does one of the patterns name this type? None: every type is meant. */
export const isWanted = (type: string, patterns: readonly string[]): boolean =>
  patterns.length === 0 || patterns.some(one => (one.endsWith('*') ? type.startsWith(one.slice(0, -1)) : one === type))
