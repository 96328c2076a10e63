/**
 * A journal write that counted as lost and took effect is in the journal twice: no reader of the journal is affected.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lineOf, readEntries, type Entry, type NoteOf } from '../../src/journal/entries.ts'
import { recordFromJournal } from '../../src/record/record-from-journal.ts'

const arrival = {
  uuid: '00000000-0000-4000-8000-000000000001',
  path: 'welcome',
  from: '',
  to: '',
  direction: 'in',
  core: '',
}
const BEGIN = JSON.stringify({ k: 'begin', at: 1, arrival })
const note = (at: number, what: NoteOf) => lineOf({ k: 'note', at, note: what })
const MOMENTS = [
  note(2, { kind: 'event', event: 'queue.call.entered', v: 1, data: { queue: 'sales' } }),
  note(3, { kind: 'event', event: 'queue.call.offered', v: 1, data: { queue: 'sales', agent: 'alice' } }),
  note(4, { kind: 'event', event: 'call.bridged', v: 1, data: { leg: 'b-leg', agent: 'alice' } }),
]

for (const [when, lines] of [
  [
    'before the next write',
    [
      ...MOMENTS,
      ...MOMENTS,
      note(9, { kind: 'event', event: 'call.unbridged', v: 1, data: { leg: 'b-leg', agent: 'alice' } }),
    ],
  ],
  [
    'after the next write',
    [
      ...MOMENTS,
      note(9, { kind: 'event', event: 'call.unbridged', v: 1, data: { leg: 'b-leg', agent: 'alice' } }),
      ...MOMENTS,
    ],
  ],
] as const) {
  test(`the record of a call whose node died tells nothing twice though a write was done again ${when}`, () => {
    const record = recordFromJournal([BEGIN, ...lines], { at: 10, cause: 'NORMAL_CLEARING' }, 10)
    assert.deepEqual(
      record?.timeline.map(({ event }) => event),
      ['queue.call.entered', 'queue.call.offered', 'call.bridged', 'call.unbridged'],
    )
  })
}

test('a key that was pressed twice stands in the journal twice', () => {
  const key = (at: number): Entry => ({ k: 'key', n: '1', at, digit: '5' })
  assert.equal(readEntries([BEGIN, lineOf(key(1_000)), lineOf(key(1_040))])!.length, 3)
})
