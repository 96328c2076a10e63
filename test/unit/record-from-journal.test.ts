import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lineOf, type NoteOf } from '../../src/journal/entries.ts'
import { recordFromJournal } from '../../src/record/record-from-journal.ts'

const arrival = {
  uuid: '00000000-0000-4000-8000-000000000001',
  path: 'campaign-leg',
  from: '',
  to: '',
  direction: 'out',
  core: '',
}
const journal = (...notes: NoteOf[]) => [
  JSON.stringify({ k: 'begin', at: 1, arrival }),
  ...notes.map((note, at) => lineOf({ k: 'note', at: 2 + at, note })),
]

test('a campaign’s call that nobody drove to its end has the outcome that its flow had come to', () => {
  const talked: NoteOf = { kind: 'event', event: 'call.bridged', v: 1, data: { leg: 'b-leg', agent: 'alice' } }
  const over = { at: 9, cause: 'NORMAL_CLEARING' }
  assert.equal(
    recordFromJournal(journal(talked, { kind: 'disposition', disposition: 'callback', agent: 'alice' }), over, 10)
      ?.outcome,
    'callback',
  )
  assert.equal(
    recordFromJournal(
      journal({ kind: 'opt-out', number: '+49' }, { kind: 'disposition', disposition: 'abandoned' }),
      null,
      10,
    )?.outcome,
    'abandoned',
  )
  assert.equal(recordFromJournal(journal({ kind: 'opt-out', number: '+49' }), over, 10)?.outcome, 'hung-up')
  assert.deepEqual(
    recordFromJournal(
      journal(talked, { kind: 'disposition', disposition: 'talked', agent: 'alice' }),
      over,
      10,
    )?.timeline.map(({ event }) => event),
    ['call.bridged', 'call.unbridged'],
  )
})
