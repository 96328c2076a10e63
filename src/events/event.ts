/** The form of an entry in the catalogue of events (catalogue.ts). Each noun of the catalogue is one file here. */
import { z } from 'zod'

export interface EventEntry<Shape extends z.ZodRawShape = z.ZodRawShape, Timeline extends boolean = boolean> {
  /** Grows when the event or one of its fields changes its meaning. A new optional field leaves it. */
  readonly version: number
  /** What has happened, in the past tense: the text of the log line, and the meaning in docs/events.md. */
  readonly what: string
  /** The room (the folder of src/) that tells it. */
  readonly toldBy: string
  /** The level of its line in the log. */
  readonly level: 'info' | 'debug'
  /** True: it is written to the journal of its call, and so to the timeline in the call's record. */
  readonly timeline: Timeline
  readonly data: z.ZodObject<Shape>
}

/** An event that is told, and not kept. */
export const event = <const Shape extends z.ZodRawShape>(
  entry: Omit<EventEntry, 'data' | 'timeline'> & { readonly data: Shape },
): EventEntry<Shape, false> => ({ ...entry, timeline: false, data: z.object(entry.data) })

/** An event of a call's timeline: told through the journal of the call (journal.tell), which knows the call's uuid. */
export const timelineEvent = <const Shape extends z.ZodRawShape>(
  entry: Omit<EventEntry, 'data' | 'timeline'> & { readonly data: Shape },
): EventEntry<Shape, true> => ({ ...entry, timeline: true, data: z.object(entry.data) })
