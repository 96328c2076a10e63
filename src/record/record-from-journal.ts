/**
 * The record of an orphaned call, made from its journal: the same record that the flow would have written, as far as it
 * got. Used by recovery/close-calls.ts.
 */
import { CATALOGUE, type TimelineData, type TimelineEventName } from '../events/catalogue.ts'
import { readEntries, type Begin, type Entry, type Intent, type Note } from '../journal/entries.ts'
import type { EndedLeg } from '../switch/recent-hangups.ts'
import type { LegEnd } from '../call/leg-end.ts'
import type { DialIntent } from '../call/verbs/dial.ts'
import { uuid as parseUuid, type Uuid } from '../esl/safe-text.ts'
import { eventsIn } from '../journal/call-events.ts'
import { recordOf, type CallRecord } from './call-record.ts'

/** How a call ended, when that is known: from an event of FreeSWITCH, or because FreeSWITCH itself ended. */
export interface KnownEnd extends EndedLeg {
  readonly facts?: LegEnd['facts']
}

/** The times of FreeSWITCH and of a node may differ by this much. An older bridge time belongs to an earlier talk. */
const JOINED_WITHIN_MS = 2_000

/**
 * Null when the journal has no beginning. An end that is noted in the journal goes before `end`. Without either, the
 * call ended at `now`, with the cause LOST.
 */
export function recordFromJournal(lines: readonly string[], end: KnownEnd | null, now: number): CallRecord | null {
  const entries = readEntries(lines) ?? []
  const begin = entries[0]
  if (begin?.k !== 'begin') return null
  const notes = entries.filter((entry): entry is Note => entry.k === 'note')
  const all = [...notes, ...unwrittenDials(entries), ...unwrittenTalk(entries, end)]
  const at = Math.max(end?.at ?? now, ...entries.map(entry => entry.at)) // nothing happens after the end
  const isTold = end !== null && end.cause !== 'SWITCH_CRASH' && end.cause !== 'LOST'
  const leg = { cause: end?.cause ?? 'LOST', ...(isTold && { at: end.at }), ...(end?.facts && { facts: end.facts }) }
  return recordOf(begin, all, leg, at)
}

/** True when the node that had this call told its end, and could not write its record. */
export const isEndTold = (lines: readonly string[]): boolean =>
  (readEntries(lines) ?? []).some(entry => entry.k === 'note' && entry.note.kind === 'ended')

/** Legs that were dialled and whose outcome is not in the journal: they may still ring. */
export function ringingIn(lines: readonly string[]): Uuid[] {
  const entries = readEntries(lines) ?? []
  const over = new Set(entries.flatMap(entry => (entry.k === 'done' ? [entry.n] : [])))
  return dialledIn(entries.filter(entry => entry.k !== 'intent' || !over.has(entry.n)))
}

/** Every leg that was dialled, whatever the outcome. Not those of nailed-up agents. */
export function dialledIn(entries: readonly Entry[]): Uuid[] {
  return dialsIn(entries).flatMap(({ uuid, nailedUp }) => (nailedUp ? [] : [parseUuid(uuid)]))
}

/** Every leg of a nailed-up agent that was brought to the call, whatever the outcome. */
export function broughtIn(entries: readonly Entry[]): Uuid[] {
  return [...new Set(dialsIn(entries).flatMap(({ uuid, nailedUp }) => (nailedUp ? [parseUuid(uuid)] : [])))]
}

const dialsIn = (entries: readonly Entry[]): DialIntent[] =>
  entries.flatMap(entry => (entry.k === 'intent' && entry.verb === 'dial' ? [entry.d as DialIntent] : []))

/** The agents with whom the caller talks by this journal, and their legs. */
export function openTalksIn(lines: readonly string[]): { readonly leg: Uuid; readonly agent: string }[] {
  const notes = (readEntries(lines) ?? []).filter((entry): entry is Note => entry.k === 'note')
  const open = new Map<Uuid, string>()
  for (const { event, leg, agent } of eventsIn(notes)) {
    if (leg === undefined) continue
    if (event === 'call.bridged' && agent !== undefined) open.set(parseUuid(leg), agent)
    else if (event === 'call.unbridged' || event === 'call.consultation.completed') open.delete(parseUuid(leg))
  }
  return [...open].map(([leg, agent]) => ({ leg, agent }))
}

/** The first entry of a journal: on which FreeSWITCH the call is, and in which flow. */
export function firstEntryOf(lines: readonly string[]): Begin | null {
  const [begin] = readEntries(lines.slice(0, 1)) ?? []
  return begin?.k === 'begin' ? begin : null
}

/** The node died while a telephone rang: only the intent of the dial is in the journal. */
function unwrittenDials(entries: readonly Entry[]): Note[] {
  const over = new Set(entries.flatMap(entry => (entry.k === 'done' ? [entry.n] : [])))
  const noted = new Set(entries.flatMap(entry => eventOf(entry)?.data.leg ?? []))
  return entries.flatMap(entry => {
    if (entry.k !== 'intent' || entry.verb !== 'dial') return []
    const { uuid: leg } = entry.d as { uuid: string }
    return over.has(entry.n) || noted.has(leg)
      ? []
      : [noteOf(entry.at, 'call.party.dialled', { leg, to: entry.args?.[0] ?? '' })]
  })
}

/** The node died in the moment in which the two legs were joined: FreeSWITCH's last event proves the talk. */
function unwrittenTalk(entries: readonly Entry[], end: KnownEnd | null): Note[] {
  const join = entries.findLast((entry): entry is Intent => entry.k === 'intent' && entry.verb === 'join')
  const partner = (join?.d as { with: string } | undefined)?.with
  if (!join || end?.bridgedTo === undefined || end.bridgedTo !== partner) return []
  const { bridgedAt = 0 } = end
  const since = bridgedAt < join.at - JOINED_WITHIN_MS ? join.at : bridgedAt
  const after = entries.slice(entries.indexOf(join) + 1)
  if (after.some(entry => eventOf(entry)?.event === 'call.bridged')) return []
  const { with: leg } = join.d as { readonly with: string }
  const known = entries
    .map(eventOf)
    .findLast(noted => noted?.data.leg === leg || noted?.event === 'queue.call.offered')?.data
  const agent = known?.agent
  return [noteOf(since, 'call.bridged', { leg, ...(agent === undefined ? {} : { agent }) })]
}

const eventOf = (entry: Entry) => (entry.k === 'note' && entry.note.kind === 'event' ? entry.note : undefined)

const noteOf = <N extends TimelineEventName>(at: number, event: N, data: TimelineData<N>): Note => ({
  k: 'note',
  at,
  note: { kind: 'event', event, v: CATALOGUE[event].version, data },
})
