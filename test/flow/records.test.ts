/** The record of a call: the data for reports, and the contents of its row while the call lives. */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { flow } from '#flow'
import { simulate } from '#testing'
import { recordFromJournal } from '../../src/record/record-from-journal.ts'
import campaignLeg from '../../scripts/campaign-leg.ts'
import queueEntry from '../../scripts/queue-entry.ts'

const support = { params: { queue: 'support' } }
const SECOND = 1_000
/** The commands of a call take some milliseconds each. */
const about = (ms: number | null, wanted: number) =>
  assert.ok(ms !== null && Math.abs(ms - wanted) <= 300, `${ms} ms, expected about ${wanted} ms`)

/** A caller who has waited for 10 s, and alice, who has accepted the call after 3 s of ringing. */
async function talk(t: TestContext) {
  const sim = simulate(t)
  const alice = sim.agent('alice')
  const caller = sim.call(queueEntry, support)
  await caller.hears('music moh/calm')
  await sim.advance('10s')
  await alice.ready()
  await alice.accepts()
  await caller.talksWith('alice')
  const began = sim.clock.now()
  await sim.advance('20s')
  return { sim, alice, caller, began }
}

test('whoever of the two hangs up, the call was talked, by whom and for how long; and it is known who hung up', async t => {
  for (const who of ['alice', 'caller'] as const) {
    const { sim, began, ...people } = await talk(t)
    await people[who].hangsUp()
    assert.equal(await people.caller.outcome(), 'talked')
    const [record] = sim.records
    assert.deepEqual(
      [record!.agent, record!.queue, record!.hungUpBy],
      ['alice', 'support', who === 'alice' ? 'agent' : 'customer'],
    )
    assert.equal(record!.otherLeg, people.alice.place.last!.uuid)
    about(record!.waitMs, began - record!.startedAt)
    about(record!.ringMs, 3 * SECOND)
    about(record!.talkMs, 20 * SECOND)
    assert.deepEqual([record!.holdMs, record!.customer], [0, record!.from])
  }
})

test('a caller who gives up in the queue has abandoned, after how long they waited', async t => {
  const sim = simulate(t)
  const caller = sim.call(queueEntry, support)
  await caller.hears('music moh/calm')
  await sim.advance('30s')
  await caller.hangsUp()
  assert.equal(await caller.outcome(), 'abandoned')
  const [record] = sim.records
  about(record!.waitMs, 30 * SECOND)
  assert.deepEqual(
    [record!.agent, record!.talkMs, record!.ringMs, record!.queue, record!.hungUpBy],
    [null, null, null, 'support', 'customer'],
  )
})

test('a caller who leaves before any queue, or after they have left one, has hung up', async t => {
  const sim = simulate(t)
  const early = sim.call(
    flow(async call => {
      await call.answer()
      await call.play('ivr/welcome')
    }),
  )
  await early.hears('ivr/welcome')
  await early.hangsUp()
  assert.equal(await early.outcome(), 'hung-up')
  const late = sim.call(
    flow(async call => {
      await call.answer()
      {
        await using place = await call.enqueue('support')
        await place.agent({ within: '5s' })
      }
      await call.play('ivr/mailbox')
    }),
  )
  await late.hears('ivr/mailbox')
  await late.hangsUp()
  assert.equal(await late.outcome(), 'hung-up')
  assert.deepEqual(
    sim.records.map(({ waitMs }) => waitMs === null),
    [true, false],
  )
  about(sim.records[1]!.waitMs, 5 * SECOND)
  assert.deepEqual(
    sim.records[1]!.timeline.map(({ event }) => event),
    ['call.answered', 'queue.call.entered', 'queue.call.left'],
  )
})

test('a flow says its own word for what came of a call; one that says nothing has ended, transferred it, or failed', async t => {
  const sim = simulate(t)
  sim.switch.dialplan.extension('7000', [{ application: 'answer', data: '' }], { context: 'default' })
  const flows = [
    flow(async () => 'sold'),
    flow(async () => {}),
    flow(async call => call.transfer('7000')),
    flow(async () => {
      throw new Error('on purpose')
    }),
  ]
  const callers = flows.map(one => sim.call(one))
  for (const caller of callers) await caller.outcome()
  const words = new Map(sim.records.map(record => [record.flow, [record.outcome, record.hungUpBy]]))
  assert.deepEqual([...words].sort(), [
    ['flow-1', ['sold', 'flow']],
    ['flow-2', ['done', 'flow']],
    ['flow-3', ['transferred', null]],
    ['flow-4', ['error', null]],
  ])
})

test('what a flow says that has hung up is written once, and the answer tells whose the call was: nobody is asked once more', async t => {
  for (const takenBy of [null, 'b']) {
    const sim = simulate(t)
    const { append, owner, take } = sim.callStore
    const asked: string[] = []
    sim.callStore.append = async (uuid, who, entries) => {
      asked.push('write')
      const last = entries.some(entry => entry.includes('"outcome":"sold"'))
      if (last && takenBy !== null) await take.call(sim.callStore, uuid, takenBy, 'begin')
      return append.call(sim.callStore, uuid, who, entries)
    }
    sim.callStore.owner = uuid => (asked.push('whose'), owner.call(sim.callStore, uuid))
    const caller = sim.call(
      flow(async call => {
        await call.play('ivr/welcome')
        await call.hangup()
        return 'sold'
      }),
    )
    await caller.hears('ivr/welcome')
    await sim.advance('10s')
    if (takenBy === null) {
      assert.deepEqual(asked, ['write', 'write'], 'the sound, and the last word')
      assert.deepEqual(
        sim.records.map(({ outcome }) => outcome),
        ['sold'],
      )
    } else {
      assert.ok(asked.includes('whose'), 'the write was refused')
      assert.deepEqual(sim.records, [], 'whoever has it writes its row')
      for (const [uuid, other] of await sim.callStore.all()) await sim.callStore.end(uuid, other)
    }
  }
})

test('a call that waits shows since when it is answered and where it stands, before it has ended', async t => {
  const sim = simulate(t)
  const alice = sim.agent('alice')
  const caller = sim.call(queueEntry, support)
  await caller.hears('queue/position', '60s')
  const row = () => sim.rows.values().next().value!()
  const waiting = row()
  assert.ok(waiting.answeredAt !== null && waiting.answeredAt >= waiting.startedAt, 'it was answered')
  assert.deepEqual(
    [waiting.queue, waiting.timeline.map(({ event }) => event)],
    ['support', ['call.answered', 'queue.call.entered']],
  )
  about(waiting.waitMs, sim.clock.now() - waiting.startedAt)
  await alice.ready()
  await alice.accepts()
  await caller.talksWith('alice')
  await sim.advance('7s')
  assert.equal(row().agent, 'alice')
  about(row().talkMs, 7 * SECOND)
  await caller.hangsUp()
  await caller.outcome()
  assert.equal(sim.rows.size, 0)
})

test('a lead is called before they answer, and the ringing of their telephone is the call’s', async t => {
  const sim = simulate(t)
  const lead = sim.lead(campaignLeg, { answers: '6s' })
  await lead.hears('campaign/safe-harbour', '20s')
  await lead.hangsUp()
  await lead.outcome()
  const [record] = sim.records
  about(record!.ringMs, 6 * SECOND)
  about(record!.answeredAt! - record!.startedAt, 6 * SECOND)
  assert.ok(record!.endedAt >= record!.answeredAt!, 'it ended after that')
  assert.equal(record!.customer, lead.name)
})

test('what an agent has had on hold is counted', async t => {
  const { sim, alice, caller } = await talk(t)
  const leg = sim.switch.channels.get(alice.place.last!.uuid)!
  sim.switch.fire('CHANNEL_HOLD', leg)
  await sim.advance('8s')
  sim.switch.fire('CHANNEL_UNHOLD', leg)
  await sim.advance('2s')
  await alice.hangsUp()
  await caller.outcome()
  about(sim.records[0]!.holdMs, 8 * SECOND)
  about(sim.records[0]!.talkMs, 30 * SECOND)
})

test('a node that finds a call ended makes the same record of its journal as the flow would have made', async t => {
  for (const who of ['alice', 'caller'] as const) {
    const { sim, ...people } = await talk(t)
    const { end, read } = sim.callStore
    let lines: readonly string[] = []
    sim.callStore.end = async (uuid, owner) => {
      lines = await read.call(sim.callStore, uuid)
      return end.call(sim.callStore, uuid, owner)
    }
    await people[who].hangsUp()
    await people.caller.outcome()
    const [{ end: how, ...record }] = sim.records as [(typeof sim.records)[number]]
    const found = recordFromJournal(lines, { at: record.endedAt, cause: how.cause }, record.endedAt)!
    // to the millisecond, except for what only the node that saw the end has received
    about(found.answeredAt! - record.answeredAt!, 0)
    about(found.talkMs! - record.talkMs!, 0)
    const way = found.timeline.map((one, at) => ({ ...one, at: record.timeline[at]?.at }))
    const segments = found.segments.map((one, at) => ({ ...one, until: record.segments[at]?.until }))
    assert.deepEqual(
      { ...found, end: how, answeredAt: record.answeredAt, talkMs: record.talkMs, timeline: way, segments },
      { ...record, end: how },
    )
  }
})
