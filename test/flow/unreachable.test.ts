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
