import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { simulate } from '#testing'
import { silentLog } from '../../src/base/log.ts'
import type { Uuid } from '../../src/esl/safe-text.ts'
import { Reconciler } from '../../src/recovery/reconcile.ts'
import queueEntry from '../../scripts/queue-entry.ts'
import { FakePeers } from './reconcile-rig.ts'

/** Two nodes with real flows, and the Reconciler of node b. Node a drives the calls. */
async function twoNodes(t: TestContext) {
  const opened: Reconciler[] = []
  t.after(() => opened[0]?.[Symbol.asyncDispose]()) // before the node closes
  const sim = simulate(t)
  await sim.until('node a opens', sim.ready)
  const b = await sim.until('node b opens', sim.open('b'))
  const alive = new Set(['a', 'b'])
  const nodes = new FakePeers('b', alive)
  const looks = new Reconciler({
    node: 'b',
    address: b.address,
    nodes,
    calls: sim.callStore,
    switchboard: b.switchboard,
    roster: sim.roster,
    queueStore: sim.queueStore,
    records: { ended: async record => void sim.records.push({ ...record, end: { cause: record.end.cause } }) },
    leads: null,
    rows: null,
    clock: sim.clock,
    log: silentLog,
    legs: () => b.door.legs.values(),
    mine: uuid => b.door.legs.has(uuid as Uuid),
  })
  opened.push(looks)
  await sim.until('the first look', looks.start())
  return {
    sim,
    /** Its peers' view six seconds after its death. */
    lapses() {
      alive.delete('a')
      nodes.emit('gone', 'a')
    },
  }
}

test('a caller who hangs up while their dead node still counts as alive has talked, to the second, and the agent has their wrap-up', async t => {
  const { sim, lapses } = await twoNodes(t)
  const alice = sim.agent('alice')
  const caller = sim.call(queueEntry, { params: { queue: 'support' } })
  await alice.ready()
  await alice.hears('whisper/press-1')
  await alice.presses('1')
  await caller.talksWith('alice')
  const began = sim.clock.now()
  await sim.advance('20s')
  sim.kill('a')
  await sim.advance('2s')
  await caller.hangsUp()
  const ended = sim.clock.now()
  await sim.advance('4s')
  assert.equal(await alice.state(), 'talking')
  lapses()
  assert.equal(await caller.outcome('1s'), 'talked')
  const [record] = sim.records
  assert.equal(record?.agent, 'alice')
  const at = (event: string) => record.timeline.find(moment => moment.event === event)!.at
  assert.ok(
    Math.abs(at('talked') - at('talking') - (ended - began)) < 1_000,
    `${at('talked') - at('talking')} ms, not ${ended - began}`,
  )
  assert.equal(await alice.state(), 'wrap-up')
})

test('a caller who was joined in the moment in which their node died, came back to no node and left there, has talked', async t => {
  const { sim, lapses } = await twoNodes(t)
  const alice = sim.agent('alice')
  const caller = sim.call(queueEntry, { params: { queue: 'support' } })
  await alice.ready()
  await alice.hears('whisper/press-1')
  const person = sim.switch.channels.get(await caller.uuid())!.person!
  const died = new Promise<void>(resolve =>
    person.on('talking', other => {
      if (!other || sim.deaths > 0) return
      sim.kill('a') // before it has received that they talk
      sim.switch.refuse('127.0.0.1:8085')
      resolve()
    }),
  )
  await alice.presses('1')
  await sim.until('the node dies', died)
  await sim.advance('20s')
  await alice.hangsUp()
  await caller.hears('switchhook/sorry')
  await caller.hangsUp()
  lapses()
  assert.equal(await caller.outcome(), 'talked')
  assert.equal(sim.records[0]?.agent, 'alice')
})

test('a caller who waits while their node dies is taken over by FreeSWITCH, and reconciliation has nothing to do', async t => {
  const { sim, lapses } = await twoNodes(t)
  const caller = sim.call(queueEntry, { params: { queue: 'support' } })
  await caller.hears('music moh/calm')
  sim.kill('a')
  await sim.advance('6s')
  lapses()
  await sim.advance('60s')
  const [member] = await sim.queueStore.waiting('support')
  assert.equal(member?.node, 'b')
  assert.equal(sim.records.length, 0)
  await caller.hangsUp()
  assert.equal(await caller.outcome(), 'abandoned')
  assert.equal(sim.records.length, 1)
})

test('a caller who waits while their switch dies waits on in the same place when it is back', async t => {
  const { sim } = await twoNodes(t)
  const caller = sim.call(queueEntry, { params: { queue: 'support' } })
  await caller.hears('music moh/calm')
  const [before] = await sim.queueStore.waiting('support')
  sim.switch.kill()
  sim.switch.restart()
  await caller.hears('music moh/calm')
  await sim.advance('30s')
  const [after] = await sim.queueStore.waiting('support')
  assert.deepEqual([after?.call, after?.joinedAt, after?.seq], [before?.call, before?.joinedAt, before?.seq])
  assert.equal(sim.records.length, 0)
  await caller.hangsUp()
  assert.equal(await caller.outcome(), 'abandoned')
})

test('a telephone that rings for a caller who left while their node was dead stops ringing', async t => {
  const { sim, lapses } = await twoNodes(t)
  const alice = sim.agent('alice', { answers: 'never' })
  const caller = sim.call(queueEntry, { params: { queue: 'support' } })
  await alice.ready()
  await alice.rings()
  sim.kill('a')
  await caller.hangsUp()
  lapses()
  await alice.ended('10s')
  assert.equal(await alice.state(), 'idle')
})
