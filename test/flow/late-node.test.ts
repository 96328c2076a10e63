/** A node that is busy reads what FreeSWITCH tells three seconds late. The record has the times of FreeSWITCH. */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { simulate } from '#testing'
import queueEntry from '../../scripts/queue-entry.ts'
import type { CallRecord } from '../../src/record/call-record.ts'
import type { CallSegment } from '../../src/store/call-segments.ts'

interface Course {
  readonly late: boolean
  readonly ends: 'caller' | 'agent'
  /** The clock of FreeSWITCH is wrong by so much. */
  readonly wrongMs?: number
}

/**
 * A caller talks with alice for 20 s, is on hold for 8 s, and talks for 5 s. `late`: the node is busy for three seconds
 * at each of these moments.
 */
async function talked(t: TestContext, { late, ends, wrongMs = 0 }: Course) {
  const sim = simulate(t)
  sim.switch.clockAheadMs = wrongMs
  const node = await sim.until('node a opens', sim.ready)
  const alice = sim.agent('alice')
  const caller = sim.call(queueEntry, { params: { queue: 'support' } })
  await caller.hears('music moh/calm')
  await alice.ready()
  await alice.hears('whisper/press-1')
  const joined = new Promise<void>(resolve =>
    alice.place.last!.on('talking', other => {
      if (!other) return
      if (late) node.busy() // in the moment in which FreeSWITCH joins the two
      resolve()
    }),
  )
  await alice.presses('1')
  await sim.until('they talk', joined)
  /** Something happens at FreeSWITCH, and the node is busy for three of the seconds that follow. */
  const then = async (act: () => void | Promise<void>, seconds: number) => {
    if (late) node.busy()
    await act()
    await sim.advance('3s')
    node.free()
    await sim.advance(`${seconds - 3}s`)
  }
  const leg = sim.switch.channels.get(alice.place.last!.uuid)!
  await then(() => {}, 20)
  await then(() => sim.switch.fire('CHANNEL_HOLD', leg), 8)
  await then(() => sim.switch.fire('CHANNEL_UNHOLD', leg), 5)
  await then(() => (ends === 'caller' ? caller : alice).hangsUp(), 4)
  await sim.until('the record', () => sim.records.length === 1)
  return sim.records[0]!
}

const lengths = ({ segments, startedAt }: CallRecord) =>
  segments.map(({ kind, since, until, how }) => [kind, how, since - startedAt, until! - since])

for (const ends of ['caller', 'agent'] as const)
  test(`the ${ends} ends a talk of which the node hears everything three seconds late: it is right to the millisecond`, async t => {
    const [punctual, late] = [await talked(t, { late: false, ends }), await talked(t, { late: true, ends })]
    assert.deepEqual(lengths(late), lengths(punctual))
    const [, , talk, hold, rest] = late.segments as [CallSegment, CallSegment, CallSegment, CallSegment, CallSegment]
    assert.deepEqual(
      [talk.until! - talk.since, hold.until! - hold.since, rest.since - hold.until!],
      [20_000, 8_000, 0],
      'as long as FreeSWITCH says',
    )
    assert.deepEqual([late.talkMs, late.holdMs], [punctual.talkMs, punctual.holdMs])
    // when the agent has left, the flow goes on with the caller, and hangs up: as late as the node is
    if (ends === 'caller') assert.equal(late.endedAt - late.startedAt, punctual.endedAt - punctual.startedAt)
  })

for (const wrongMs of [-3_600_000, 5_000])
  test(`a FreeSWITCH whose clock is wrong by ${wrongMs / 1_000} s: the record has the time of the nodes, and a late node writes the same`, async t => {
    const right = await talked(t, { late: false, ends: 'caller' })
    const wrong = await talked(t, { late: true, ends: 'caller', wrongMs })
    const times = ({ segments, startedAt, endedAt }: CallRecord) =>
      [startedAt, endedAt, ...segments.flatMap(({ since, until }) => [since, until!])].map(at => at - right.startedAt)
    const errors = times(wrong).map((at, n) => Math.abs(at - times(right)[n]!))
    assert.ok(Math.max(...errors) <= 20, `at most one tick of FreeSWITCH's clock: ${errors.join(', ')} ms`)
    assert.deepEqual([wrong.talkMs, wrong.holdMs], [right.talkMs, right.holdMs])
  })

test('the node of a talk dies, and the next one is busy when the talk ends: the talk is right to the millisecond', async t => {
  const lengthsOf = async (late: boolean) => {
    const sim = simulate(t)
    await sim.until('node b opens', sim.open('b'))
    const alice = sim.agent('alice')
    const caller = sim.call(queueEntry, { params: { queue: 'support' } })
    await caller.hears('music moh/calm')
    await alice.ready()
    await alice.accepts()
    await caller.talksWith('alice')
    await sim.advance('5s')
    sim.kill('a')
    await sim.advance('10s')
    const next = sim.nodes.get('b')!
    if (late) next.busy()
    await alice.hangsUp()
    await sim.advance('2s')
    next.free()
    await sim.until('the record', () => sim.records.length === 1)
    return lengths(sim.records[0]!)
  }
  const [punctual, late] = [await lengthsOf(false), await lengthsOf(true)]
  assert.deepEqual(late, punctual)
  assert.deepEqual(late.at(-1)!.slice(0, 2), ['talk', 'ended'])
})

test('a telephone that declines and a caller who gives up while the node is busy: ring and wait are right to the millisecond', async t => {
  const waited = async (late: boolean) => {
    const sim = simulate(t)
    const node = await sim.until('node a opens', sim.ready)
    const alice = sim.agent('alice', { answers: 'declined' })
    const caller = sim.call(queueEntry, { params: { queue: 'support' } })
    await caller.hears('music moh/calm')
    const rings = new Promise<void>(resolve => {
      const { behaviour } = alice.place
      alice.place.behaviour = { ...behaviour, rings: () => resolve() }
    })
    await alice.ready()
    await sim.until('the telephone rings', rings)
    if (late) node.busy()
    await sim.advance('3s')
    node.free()
    await sim.advance('2s')
    if (late) node.busy()
    await caller.hangsUp()
    await sim.advance('3s')
    node.free()
    await sim.until('the record', () => sim.records.length === 1)
    return lengths(sim.records[0]!)
  }
  const [punctual, late] = [await waited(false), await waited(true)]
  assert.deepEqual(
    punctual.map(([kind, how]) => [kind, how]),
    [
      ['wait', 'abandoned'],
      ['ring', 'declined'],
    ],
  )
  assert.deepEqual(late, punctual)
})

test('a node that hears everything five seconds late, again and again, gives no agent two callers and no caller two agents', async t => {
  const sim = simulate(t)
  const node = await sim.until('node a opens', sim.ready)
  const faults: string[] = []
  const agents = ['alice', 'bob'].map(name => sim.agent(name, { wrapUp: '1s', queues: ['sales'] }))
  for (const { name, place } of agents)
    place.behaviour = {
      answers: '1s',
      speaks: 'human',
      talksFor: '6s',
      rings(person) {
        if (place.people.some(other => other !== person && other.state !== 'gone'))
          faults.push(`${name} is called by two at once`)
        person.on('heard', sound => sound === 'whisper/press-1' && person.press('1'))
      },
    }
  const callers = Array.from({ length: 10 }, (_, at) =>
    sim.call(queueEntry, { params: { queue: 'sales' }, from: `+493010${at}` }),
  )
  for (const caller of callers) await caller.hears('music moh/calm')
  for (const agent of agents) await agent.ready()
  for (let turn = 0; turn < 30; turn++) {
    node.busy()
    await sim.advance('5s')
    node.free()
    await sim.advance('2s')
  }
  assert.deepEqual(faults, [])
  for (const caller of callers) assert.equal(await caller.outcome(), 'talked')
  const talks = sim.switch.transcript.filter(
    ({ who, what }) => agents.some(({ name }) => name === who) && what.startsWith('talks with'),
  )
  assert.equal(talks.length, callers.length, 'each caller has talked once')
})
