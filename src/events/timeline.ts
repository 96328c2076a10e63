/**
 * The timeline of a call: its events, oldest first, as they stand in its record (column queue_timeline) and as the
 * journal of the call gives them. Rows of the version before have other words, which are translated where they are
 * read.
 */
import { z } from 'zod'
import * as fields from './fields.ts'
import { CATALOGUE, type EventData, type EventName, type TimelineEventName } from './catalogue.ts'

type KeysOf<D> = D extends unknown ? keyof D : never
type FieldName = Exclude<KeysOf<{ [N in TimelineEventName]: EventData<N> }[TimelineEventName]>, 'uuid'>

const { leg, agent, queue, movedFrom, to, path, why, cause, said, by } = fields
const anyField = z
  .object({ leg, agent, queue, movedFrom, to, path, why, cause, said, by } satisfies Record<FieldName, z.ZodString>)
  .partial()
/** The fields of all events of the timeline: an event has those that its entry in the catalogue names. */
export type TimelineFields = Readonly<z.output<typeof anyField>>

/** The form of an event in a timeline, for those who read records. */
export const timelineShape = anyField.extend({ at: z.number(), event: z.string(), v: z.int() }).loose()

export type TimelineEvent = TimelineFields & {
  /** Milliseconds since the epoch, by the clock that all nodes share. */
  readonly at: number
  readonly event: TimelineEventName
  /** The version of the event. */
  readonly v: number
}

/** The schema for the data of an event that this version knows; undefined for any other, which is carried along. */
export function timelineSchema(event: string, v: number): z.ZodType | undefined {
  const entry = Object.hasOwn(CATALOGUE, event) ? CATALOGUE[event as EventName] : undefined
  if (!entry?.timeline || entry.version !== v) return undefined
  let schema = schemas.get(event)
  if (!schema) schemas.set(event, (schema = entry.data.partial({ uuid: true })))
  return schema
}
const schemas = new Map<string, z.ZodType>()

/** The words of journals of version 2 and of the rows of that time. `leg`: the event was about another leg. */
const FORMER: Readonly<Record<string, TimelineEventName | { own: TimelineEventName; leg: TimelineEventName }>> = {
  answered: { own: 'call.answered', leg: 'call.party.answered' },
  entered: 'queue.call.entered',
  promised: 'queue.call.offered',
  dialled: 'call.party.dialled',
  missed: 'call.party.missed',
  talking: 'call.bridged',
  held: 'call.held',
  resumed: 'call.resumed',
  talked: 'call.unbridged',
  left: 'queue.call.left',
  callback: 'queue.call.callback_requested',
  transferred: { own: 'call.transferred', leg: 'call.party.transferred' },
}

/** The name of an event that had this word before. An unknown word stays as it is. */
export function formerEvent(word: string, otherLeg: unknown): TimelineEventName {
  const now = Object.hasOwn(FORMER, word) ? FORMER[word]! : (word as TimelineEventName)
  return typeof now === 'string' ? now : otherLeg === undefined ? now.own : now.leg
}

const Stored = z
  .looseObject({ at: z.number(), event: z.string(), v: z.int().optional() })
  .transform(({ at, event, v, ...rest }) =>
    v === undefined ? { at, event: formerEvent(event, rest['leg']), v: 1, ...rest } : { at, event, v, ...rest },
  )

/** The timeline in a row of any version, in the words of this one. What no version wrote is left out. */
export function readTimeline(stored: unknown): readonly TimelineEvent[] {
  if (!Array.isArray(stored)) return []
  return stored.flatMap(one => (Stored.safeParse(one).data as TimelineEvent | undefined) ?? [])
}
