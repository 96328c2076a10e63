/**
 * The catalogue: every event that Switchhook tells, by its name `<noun>.<past verb>`. docs/events.md is made from it.
 * A room tells an event through `Events` (events.ts), or through the journal of its call.
 */
import type { z } from 'zod'
import { agentEvents } from './agent.ts'
import { callEvents } from './call.ts'
import { callbackEvents } from './callback.ts'
import { campaignEvents } from './campaign.ts'
import { leadEvents } from './lead.ts'
import { queueEvents } from './queue.ts'
import { systemEvents } from './system.ts'

export const CATALOGUE = {
  ...callEvents,
  ...queueEvents,
  ...callbackEvents,
  ...agentEvents,
  ...campaignEvents,
  ...leadEvents,
  ...systemEvents,
}
type Catalogue = typeof CATALOGUE

export type EventName = keyof Catalogue
export type EventData<N extends EventName> = Readonly<z.output<Catalogue[N]['data']>>

/** The events of a call's timeline. */
export type TimelineEventName = {
  [N in EventName]: Catalogue[N]['timeline'] extends true ? N : never
}[EventName]
/** What is told of an event of the timeline; its call is known. */
export type TimelineData<N extends TimelineEventName> = Omit<EventData<N>, 'uuid'>
