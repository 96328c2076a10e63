/**
 * Journals that another version of Switchhook wrote, and that a node finds when it takes a call over during an upgrade.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { arrivalOfLeg } from '../../src/call/arrival.ts'
import { newUuid } from '../../src/esl/safe-text.ts'
import { queuesEnteredIn } from '../../src/flow/queue-place.ts'
import { beginOf, lineOf, readEntries, wordsOf, type Entry } from '../../src/journal/entries.ts'
import { dialledIn } from '../../src/record/record-from-journal.ts'

const arrival = arrivalOfLeg(newUuid(), 'core')
const LEG = newUuid()

/** As version 1 wrote it: no version, and each step as one text. */
const first = (...steps: readonly object[]): string[] =>
  [{ k: 'begin', at: 1, arrival }, ...steps].map(entry => JSON.stringify(entry))
const texts = (entries: readonly Entry[]): string[] =>
  entries.flatMap(entry => (entry.k === 'done' || entry.k === 'intent' ? [wordsOf(entry)] : []))

test('a call of the version before goes on: each of its steps is the step that this version calls', () => {
  const entries = readEntries(
    first(
      { k: 'done', n: '1', v: 'answer', at: 2 },
      { k: 'done', n: '2', v: 'play ivr/welcome', at: 3 },
      { k: 'done', n: '3', v: 'music moh/calm', at: 4 },
      { k: 'done', n: '4', v: 'enqueue sales', at: 5, r: { joinedAt: 5, position: 1 } },
      { k: 'done', n: '5', v: 'enqueue support', at: 6, r: { joinedAt: 6, position: 1 } },
      { k: 'done', n: '6', v: 'agent of sales', at: 7 },
      { k: 'intent', n: '7', v: 'dial user/1001', at: 8, d: { uuid: LEG } },
      { k: 'done', n: '8', v: 'place in sales ends', at: 9 },
      { k: 'done', n: '9', v: 'music moh/calm ends', at: 10 },
    ),
  )!
  assert.deepEqual(texts(entries), [
    'answer',
    'play ivr/welcome',
    'music moh/calm',
    'enqueue sales',
    'enqueue support',
    'agent sales',
    'dial user/1001',
    'end place sales',
    'end music moh/calm',
  ])
  assert.deepEqual(queuesEnteredIn(entries), ['support'])
  assert.deepEqual(dialledIn(entries), [LEG])
})

test('a journal that this version writes says so, and is read as it was written', () => {
  const entries: Entry[] = [
    beginOf(1, arrival),
    { k: 'done', n: '1', verb: 'enqueue', args: ['sales'], at: 2, r: { joinedAt: 2, position: 1 } },
    { k: 'note', at: 3, note: { event: 'entered', queue: 'sales' } },
    { k: 'key', n: '2', at: 4, digit: '5' },
  ]
  assert.deepEqual(readEntries(entries.map(lineOf)), entries)
})

test('a journal of a newer version, or with an entry that this version does not know, cannot be gone on with', () => {
  const begin = beginOf(1, arrival)
  assert.equal(readEntries([lineOf({ ...begin, v: 3 })]), null)
  assert.equal(readEntries([lineOf(begin), '{"k":"hold","at":2}']), null)
})

test('a last line that was cut off when its node died is left out', () => {
  const begin = beginOf(1, arrival)
  assert.deepEqual(readEntries([lineOf(begin), '{"k":"done","n":"1","ver']), [begin])
})
