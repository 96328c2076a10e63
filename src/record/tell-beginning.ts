/** Tells that a call began, or was taken over. Used by flow/run.ts. */
import type { Events } from '../events/events.ts'
import type { Journal } from '../journal/journal.ts'
import { tellNotesAgain } from '../journal/tell-note.ts'
import { beginningOf } from './call-record.ts'

/** `before`: the node that had the call; null: the call is new. */
export function tellBeginning({ uuid, begin, notes }: Journal, before: string | null, events: Events): void {
  const { flow, from, to, direction, begunAt: at } = beginningOf(begin)
  const whole = { uuid, flow, from, to, direction }
  const first = { at, id: `${uuid}.initiated.${at}` }
  if (before === null) return events.tell('call.initiated', whole, first)
  events.tell('call.initiated', whole, { ...first, again: true })
  tellNotesAgain(uuid, notes, events)
  events.tell('call.taken_over', { ...whole, from_node: before })
}
