/** The events of a talk in the timeline of its call. Used by talk.ts. */
import type { TimelineEventName } from '../events/catalogue.ts'
import type { Events } from '../events/events.ts'
import type { Journal } from '../journal/journal.ts'
import { eventsIn, happenedAt, joinedAt, lastEvent, tellOnce } from '../journal/call-events.ts'
import type { CallContext } from './call-context.ts'
import type { Leg } from './leg.ts'

/** The last event of a leg that is in a talk. */
const TALKING: readonly string[] = [
  'call.bridged',
  'call.held',
  'call.resumed',
  'call.consultation.began',
  'call.consultation.ended',
  'call.consultation.completed',
] satisfies TimelineEventName[]

/** The events of one talk. Each is told once, whichever node tells it and however often it is reported. */
export function talkEvents(leg: Leg, other: Leg, { events }: CallContext, reserved: string | undefined) {
  const { journal } = leg.steps
  const agent = reserved ?? lastEvent(journal, other.uuid)?.agent
  const who = { leg: other.uuid, ...(agent === undefined ? {} : { agent }) }
  const last = () => lastEvent(journal, other.uuid)
  const talks = () => TALKING.includes(last()?.event ?? '')
  return {
    /**
     * `at`: when FreeSWITCH joined the two. `since`: the earliest time at which that can have been, when this node did
     * not see it. `isLater`: it is not the first talk of its join.
     */
    began({ at, since, isLater = false }: { at?: number | undefined; since?: number; isLater?: boolean }): void {
      const known = last()
      if (talks() || (since !== undefined && known?.event === 'call.unbridged' && known.at >= since)) return
      // at once for a reserved agent: if this process dies, the node that finds the talk ended knows the agent. For any
      // other first leg FreeSWITCH knows that there was a talk, and the intent of the join names it
      journal.tell('call.bridged', who, {
        atOnce: isLater || reserved !== undefined,
        ...happenedAt(journal, other.uuid, at ?? since),
      })
      if (reserved !== undefined) tellAnswered(journal, reserved, events)
    },
    /** `at`: when FreeSWITCH separated the two. */
    ended(at: number | undefined): void {
      if (talks()) journal.tell('call.unbridged', who, happenedAt(journal, other.uuid, at))
    },
    /** The other person consults with somebody while the caller waits; false: they are back. */
    consults(on: boolean): void {
      if (!talks()) return
      if (on) tellOnce(journal, 'call.consultation.began', who, { atOnce: true })
      else if (last()?.event === 'call.consultation.began') journal.tell('call.consultation.ended', who)
    },
    /** The other person leaves the caller to the one consulted, or hung up. `at`: when FreeSWITCH joined these two. */
    handsOver(at: number | undefined): void {
      const past = eventsIn(journal.notes).filter(one => one.leg === other.uuid && one.event !== 'call.unbridged')
      if (past.at(-1)?.event !== 'call.consultation.began') return
      journal.tell('call.consultation.completed', who, happenedAt(journal, other.uuid, at))
    },
    /** Tells when one of the two puts the other on hold, until it is disposed. */
    holds(): Disposable {
      const listening = [leg, other].map(one =>
        one.on('held', ({ on, at }) => {
          const when = happenedAt(journal, other.uuid, at)
          if (!talks()) return
          if (on) tellOnce(journal, 'call.held', who, when)
          else tellOnce(journal, 'call.resumed', who, when)
        }),
      )
      return { [Symbol.dispose]: () => listening.forEach(one => one[Symbol.dispose]()) }
    },
  }
}

/** Tells the ends of talks that an interrupted flow could not tell. */
export function endTalks(journal: Journal): void {
  for (const leg of new Set(eventsIn(journal.notes).flatMap(event => event.leg ?? []))) {
    const last = lastEvent(journal, leg)
    if (last && TALKING.includes(last.event))
      journal.tell('call.unbridged', { leg, ...(last.agent !== undefined && { agent: last.agent }) })
  }
}

/** A lead is reserved an agent without entering the queue as a caller does: then how long it waited is not known. */
function tellAnswered(journal: Journal, agent: string, events: Events): void {
  const past = eventsIn(journal.notes)
  const queue = past.findLast(one => one.event === 'queue.call.offered' && one.agent === agent)?.queue
  if (queue === undefined) return
  const joined = joinedAt(past, queue)
  const began = past.findLast(one => one.event === 'call.bridged' && one.agent === agent)?.at ?? journal.clock.now()
  const waited = joined !== undefined && { waitedMs: began - joined }
  events.tell('queue.call.answered', { uuid: journal.uuid, queue, agent, ...waited })
}
