/**
 * Journals that another version of Switchhook wrote, and that a node finds when it takes a call over during an upgrade.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { arrivalOfLeg } from '../../src/call/arrival.ts'
import { newUuid } from '../../src/esl/safe-text.ts'
import { queuesEnteredIn } from '../../src/flow/queue-place.ts'
import { beginOf, lineOf, readEntries, wordsOf, type Entry } from '../../src/journal/entries.ts'
import { eventsIn } from '../../src/journal/call-events.ts'
import { dialledIn, recordFromJournal } from '../../src/record/record-from-journal.ts'

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
    { k: 'note', at: 3, note: { kind: 'event', event: 'queue.call.entered', v: 1, data: { queue: 'sales' } } },
    { k: 'key', n: '2', at: 4, digit: '5' },
  ]
  assert.deepEqual(readEntries(entries.map(lineOf)), entries)
})

test('a journal of a newer version, or with an entry that this version does not know, cannot be gone on with', () => {
  const begin = beginOf(1, arrival)
  assert.equal(readEntries([lineOf({ ...begin, v: 4 })]), null)
  assert.equal(readEntries([lineOf(begin), '{"k":"hold","at":2}']), null)
})

test('a last line that was cut off when its node died is left out', () => {
  const begin = beginOf(1, arrival)
  assert.deepEqual(readEntries([lineOf(begin), '{"k":"done","n":"1","ver']), [begin])
})

/** Two calls whose journals a node of version 2 wrote: a caller who talked, and a lead for whom nobody was free. */
function journalsOfVersion2(): string[][] {
  const journals: string[][] = []
  const lines = readFileSync(new URL('journals-version-2.jsonl', import.meta.url), 'utf8')
    .trim()
    .split('\n')
  for (const line of lines) {
    if (line.startsWith('{"k":"begin"')) journals.push([])
    journals.at(-1)!.push(line)
  }
  return journals
}

test('a call that began on a node of the version before gets the record that it would have got there', () => {
  const [talked, abandoned] = journalsOfVersion2() as [string[], string[]]
  const over = { cause: 'NORMAL_CLEARING' }
  const { timeline, segments, ...record } = recordFromJournal(talked, { ...over, at: 1767600029462 }, 0)!
  assert.deepEqual(
    segments.map(({ kind, agent, how }) => [kind, agent, how]),
    [
      ['wait', null, 'left'],
      ['wait', 'bob', 'answered'],
      ['ring', 'alice', 'caller-left'],
      ['ring', 'bob', 'answered'],
      ['talk', 'bob', 'held'],
      ['hold', 'bob', 'resumed'],
      ['talk', 'bob', 'ended'],
    ],
  )
  assert.deepEqual(record, {
    uuid: 'f7e79d2b-47f6-4630-9ce3-01f0b8829f5c',
    flow: 'flow-1',
    direction: 'in',
    from: '+49301234001',
    to: '+4930123000',
    core: 'a087eaf3-00b3-49c9-8706-c4ebfb2627fd',
    startedAt: 1767600000000,
    begunAt: 1767600000000,
    customer: '+49301234001',
    answeredAt: 1767600000020,
    agent: 'bob',
    otherLeg: '96998584-5be0-4446-9815-13765a46286f',
    queue: 'support',
    gateway: null,
    waitMs: 19421,
    ringMs: 6062,
    talkMs: 10011,
    holdMs: 3000,
    tags: new Map([['crmuuid', 'crm-7']]),
    recording: '/var/lib/freeswitch/recordings/f7e79d2b-47f6-4630-9ce3-01f0b8829f5c.wav',
    end: { ...over, at: 1767600029462 },
    endedAt: 1767600029462,
    outcome: 'talked',
    hungUpBy: 'agent',
  })
  const [alices, bobs] = ['00f1b0ea-dff1-48cf-aaec-2dd775b881a0', '96998584-5be0-4446-9815-13765a46286f']
  assert.deepEqual(
    timeline.map(({ event, queue, agent, leg, v }) => [event, queue ?? leg, agent, v]),
    [
      ['call.answered', undefined, undefined, 1],
      ['queue.call.entered', 'sales', undefined, 1],
      ['queue.call.left', 'sales', undefined, 1],
      ['queue.call.entered', 'support', undefined, 1],
      ['queue.call.offered', 'support', 'alice', 1],
      ['call.party.dialled', alices, 'alice', 1],
      ['call.party.answered', alices, 'alice', 1],
      ['queue.call.offered', 'support', 'bob', 1],
      ['call.party.dialled', bobs, 'bob', 1],
      ['call.party.answered', bobs, 'bob', 1],
      ['call.recording.started', undefined, undefined, 1],
      ['call.bridged', bobs, 'bob', 1],
      ['call.held', bobs, 'bob', 1],
      ['call.resumed', bobs, 'bob', 1],
      ['call.unbridged', bobs, 'bob', 1],
    ],
  )
  const lead = recordFromJournal(abandoned, { ...over, at: 1767600039233 }, 0)!
  assert.deepEqual([lead.outcome, lead.hungUpBy, lead.ringMs], ['abandoned', 'flow', 6020])
})

test('a node that takes over a call of the version before adds its own entries, and reads both', () => {
  const [lines] = journalsOfVersion2() as [string[], string[]]
  const added = lineOf({ k: 'note', at: 2e12, note: { kind: 'event', event: 'call.held', v: 1, data: { leg: LEG } } })
  const entries = readEntries([...lines, added])!
  assert.equal(entries.length, lines.length + 1)
  assert.equal(eventsIn(entries.filter(entry => entry.k === 'note')).at(-1)?.leg, LEG)
})

test('an event that a newer node told is carried along, and what no version writes is no journal', () => {
  const noted = (note: object) => readEntries([lineOf(beginOf(1, arrival)), JSON.stringify({ k: 'note', at: 2, note })])
  const newer = { kind: 'event', event: 'call.parked', v: 1, data: { slot: 3 } }
  assert.deepEqual(noted(newer)?.[1], { k: 'note', at: 2, note: newer })
  assert.ok(noted({ kind: 'event', event: 'call.held', v: 2, data: { both: true } }), 'a newer version of an event')
  assert.ok(noted({ kind: 'mood', is: 'fine' }), 'a fact that this version does not know')
  assert.equal(noted({ kind: 'event', event: 'call.held', v: 1, data: { leg: 7 } }), null)
  assert.equal(noted({ kind: 'tag', name: 'crmuuid' }), null)
})
