/** The segments of a call, whatever happens in it in whatever order. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { TimelineEvent } from '../../src/events/timeline.ts'
import { segmentsOf } from '../../src/record/call-segments.ts'

const T = 1_772_442_000_000
const NOBODY = { agent: null, customer: null, rang: null }

const of = (event: string, data: object = {}) => ({ event, v: 1, ...data })
const QUEUES = ['sales', 'support'].flatMap(queue => [
  of('queue.call.entered', { queue }),
  of('queue.call.entered', { queue, movedFrom: queue === 'sales' ? 'support' : 'sales' }),
  of('queue.call.left', { queue }),
  of('queue.call.left', { queue, why: 'max-wait' }),
  of('queue.call.callback_requested', { queue }),
  ...['alice', 'bob'].map(agent => of('queue.call.offered', { queue, agent })),
])
const LEGS = ['alice', 'bob'].flatMap(agent =>
  [
    'call.party.dialled',
    'call.party.answered',
    'call.party.missed',
    'call.bridged',
    'call.held',
    'call.resumed',
    'call.consultation.began',
    'call.consultation.ended',
    'call.unbridged',
  ].map(event =>
    of(event, { leg: `leg of ${agent}`, agent, ...(event === 'call.party.missed' && { why: 'declined' }) }),
  ),
)
const anyEvent = fc.constantFrom(...QUEUES, ...LEGS, of('call.transferred'), of('call.redirected'), of('call.answered'))
/** Now and then an event is told with an earlier time: a node was busy. */
const timeline = fc
  .array(fc.tuple(anyEvent, fc.integer({ min: -500, max: 5_000 })), { maxLength: 40 })
  .map(all => all.map(([event, after], n) => ({ ...event, at: T + n * 1_000 + after }) as TimelineEvent))

const inOrder = timeline.map(all => all.map((one, n) => ({ ...one, at: T + n * 1_000 })))

test('a later event only appends a segment or completes one: number n is the same in every write', () => {
  fc.assert(
    fc.property(timeline, events => {
      let before = segmentsOf([], NOBODY, null)
      for (let known = 1; known <= events.length; known++) {
        const now = segmentsOf(events.slice(0, known), NOBODY, null)
        for (const [n, { kind, since, leg, queue, joined }] of before.entries()) {
          const again = now[n]!
          assert.deepEqual(
            [again.kind, again.since, again.leg, again.queue, again.joined],
            [kind, since, leg, queue, joined],
          )
        }
        before = now
      }
    }),
    { numRuns: 500 },
  )
})

test('events in any order of their times: no segment has a negative length, and those of one talk do not overlap', () => {
  fc.assert(
    fc.property(timeline, events => {
      const all = segmentsOf(events, NOBODY, { at: T, gaveUp: true, isLost: false })
      for (const one of all) assert.ok(one.until! >= one.since, 'it ended, and not before it began')
      for (const leg of ['leg of alice', 'leg of bob']) {
        const talk = all.filter(one => one.leg === leg && one.kind !== 'ring' && one.kind !== 'wait')
        for (const [n, one] of talk.entries()) if (n > 0) assert.ok(one.since >= talk[n - 1]!.until!, 'no overlap')
      }
    }),
    { numRuns: 2_000 },
  )
})

test('a talk is one segment at a time without a gap, a caller waits once in a queue, and nothing goes on after the end', () => {
  fc.assert(
    fc.property(inOrder, events => {
      const end = T + 100_000
      const all = segmentsOf(events, NOBODY, { at: end, gaveUp: true, isLost: false })
      for (const one of all) {
        assert.ok(one.until !== null && one.until >= one.since && one.until <= end, 'it ended, and not before it began')
        assert.ok(one.how !== null, 'it is known how')
      }
      for (const leg of ['leg of alice', 'leg of bob']) {
        const talk = all.filter(one => one.leg === leg && one.kind !== 'ring' && one.kind !== 'wait')
        for (const [n, one] of talk.entries()) {
          const next = talk[n + 1]
          if (!next) continue
          assert.ok(next.since >= one.until!, 'no overlap')
          if (one.how !== 'ended') assert.equal(next.since, one.until, 'no gap')
        }
      }
      for (const queue of ['sales', 'support']) {
        const waits = all.filter(one => one.kind === 'wait' && one.queue === queue)
        for (const [n, one] of waits.entries())
          assert.ok(n === 0 || one.since >= waits[n - 1]!.until!, 'one wait at a time')
      }
    }),
    { numRuns: 2_000 },
  )
})
