/**
 * Entries of older versions of the journal, as entries of this version. A node that takes a call over adds entries of
 * its own version to a journal of the version before, so each entry is told apart by itself. Used by entries.ts.
 *
 *   version 1  a step is one text, `v: 'play ivr/welcome'`
 *   version 2  a step has its verb and its arguments; a note is an object with one key of its own
 *   version 3  a note has its `kind`; an event has its name in the catalogue
 */
import { formerEvent } from '../events/timeline.ts'

/** An entry of any version as one of this version; what no version wrote stays as it is. */
export function upgraded(entry: unknown): unknown {
  if (!isObject(entry)) return entry
  if (typeof entry['v'] === 'string') return upgradedStep(entry['v'], entry)
  const { note } = entry
  if (entry['k'] === 'note' && isObject(note) && !('kind' in note))
    return { ...entry, note: upgradedNote(note) ?? note }
  return entry
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null

function upgradedStep(text: string, { v: _text, ...rest }: Readonly<Record<string, unknown>>): unknown {
  const known = OLD_TEXTS.find(old => old.text.test(text))
  const [verb = '', ...args] = (known ? text.replace(known.text, known.words) : text).split(' ')
  return { ...rest, verb, args }
}

/** Steps whose first word was not their verb. */
const OLD_TEXTS = [
  { text: /^place in (\S+) ends$/, words: 'end place $1' },
  { text: /^(.+) ends$/, words: 'end $1' },
  { text: /^agent (\S+) on the line$/, words: 'nailed-agent $1' },
  { text: /^agent of the campaign$/, words: 'agent' },
  { text: /^agent of (\S+)$/, words: 'agent $1' },
  { text: /^keep for callback in (\S+)$/, words: 'callback $1' },
  { text: /^opt out$/, words: 'opt-out' },
]

/** The notes of version 2. */
interface FormerNote {
  readonly event?: string
  readonly leg?: string
  readonly tag?: readonly [name: string, value: string]
  readonly recording?: string
  readonly ended?: object
  readonly disposition?: string
  readonly agent?: string
  readonly optOut?: string
  readonly returned?: string | null
  readonly hungUp?: 'flow'
}

function upgradedNote(note: FormerNote): object | null {
  const { event, ...data } = note
  const { tag, recording, ended, disposition, agent, optOut, returned, hungUp } = note
  if (event !== undefined) return { kind: 'event', event: formerEvent(event, data.leg), v: 1, data }
  if (tag !== undefined) return { kind: 'tag', name: tag[0], value: tag[1] }
  if (recording !== undefined)
    return { kind: 'event', event: 'call.recording.started', v: 1, data: { path: recording } }
  if (ended !== undefined) return { kind: 'ended', ...ended }
  if (disposition !== undefined) return { kind: 'disposition', disposition, ...(agent !== undefined && { agent }) }
  if (optOut !== undefined) return { kind: 'opt-out', number: optOut }
  if (returned !== undefined) return { kind: 'returned', outcome: returned }
  return hungUp === undefined ? null : { kind: 'hung-up' }
}
