import assert from 'node:assert/strict'
import { test } from 'node:test'
import { simulate } from '#testing'
import queueEntry from '../../scripts/queue-entry.ts'

test('an agent whose telephone is not registered is tried twice, then not until it registers: then the caller who still waits gets them', async t => {
  const sim = simulate(t)
  const alice = sim.agent('alice')
  const { address, behaviour } = alice.place
  sim.switch.world.remove(address)
  const caller = sim.call(queueEntry, { params: { queue: 'support' } })
  await caller.hears('music moh/calm')
  await alice.ready()
  await sim.advance('60s')
  assert.equal((await sim.roster.get('alice', sim.clock.now()))?.unreached, 2)

  sim.switch.world.at(address, behaviour)
  await caller.hears('music moh/calm')
  await sim.advance('1s')
  assert.equal((await sim.roster.get('alice', sim.clock.now()))?.unreached, 0)
  assert.equal(await alice.state(), 'ringing')
  await caller.hangsUp()
  await caller.outcome()
})

test('an agent whose telephone dies during a talk is not talking for ever, and gets no call until the telephone registers', async t => {
  const sim = simulate(t)
  const alice = sim.agent('alice', { wrapUp: '10s' })
  const caller = sim.call(queueEntry, { params: { queue: 'support' } })
  await alice.ready()
  await alice.accepts()
  await caller.talksWith('alice')
  await alice.losesPower()
  await alice.becomes('wrap-up', '301s')
  assert.equal(await alice.ended(), 'MEDIA_TIMEOUT')
  await caller.ended()
  assert.equal(await caller.outcome(), 'talked')

  const next = sim.call(queueEntry, { params: { queue: 'support' } })
  await next.hears('music moh/calm')
  await sim.advance('60s')
  assert.deepEqual([await alice.state(), alice.place.rang], ['idle', 1], 'a dead telephone is not rung')
  await sim.roster.registeredAt('alice', sim.switch.coreUuid, true, sim.clock.now())
  await alice.accepts()
  await next.talksWith('alice')
  await alice.hangsUp()
  await next.ended()
})

test('a telephone that is dialled counts as dead after the time that the dialplan names', async t => {
  const sim = simulate(t)
  sim.switch.globals.set('switchhook_media_timeout', '20000')
  const alice = sim.agent('alice')
  const caller = sim.call(queueEntry, { params: { queue: 'support' } })
  await alice.ready()
  await alice.accepts()
  await caller.talksWith('alice')
  await alice.losesPower()
  await alice.becomes('wrap-up', '21s')
  await caller.ended()
})
