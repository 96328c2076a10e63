/**
 * A call that goes on in another flow: a supervisor, or the agent who talks, transfers the caller to a queue, an agent
 * or a number. The journal notes the flow before anything changes. Then the flow that runs is interrupted, its scopes
 * end, its steps are deleted, and the other flow begins on the live call. A node that takes the call over between the
 * note and the deletion does the rest. Used by run.ts.
 */
import { isDeepStrictEqual } from 'node:util'
import type { Entry, NoteOf } from '../journal/entries.ts'
import type { Journal } from '../journal/journal.ts'

/** The flow in which a call goes on, with the values of its needs; null: they are channel variables of the call. */
export interface RunningFlow {
  readonly flow: string
  readonly params: Readonly<Record<string, string>> | null
}

type FlowNote = Extract<NoteOf, { kind: 'flow' }>

/** The flow that a call is in. `first`: the flow in which it began. */
export function flowOf({ notes }: Pick<Journal, 'notes'>, first: string): RunningFlow {
  const note = notes.findLast((one): one is { at: number; note: FlowNote } => one.note.kind === 'flow')?.note
  return note ? { flow: note.flow, params: note.params } : { flow: first, params: null }
}

/** Is it this flow, with these values? */
export const isIn = ({ flow, params }: RunningFlow, name: string, values: Readonly<Record<string, string>>): boolean =>
  flow === name && params !== null && isDeepStrictEqual({ ...params }, { ...values })

/** True when the journal still has steps of the flow before: that flow did not come to its end. */
export function isUnfinished(past: readonly Entry[]): boolean {
  const noted = past.findLastIndex(entry => entry.k === 'note' && entry.note.kind === 'flow')
  return past.slice(0, Math.max(0, noted)).some(({ k }) => k !== 'note')
}
