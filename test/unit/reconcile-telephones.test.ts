/** Switchhook's legs at the telephones of agents, which no queue promised, when the node that dialled them has died. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openRig } from './reconcile-rig.ts'

test('an agent whose telephone a dead node had dialled by click-to-dial is busy as long as that leg lives, and no longer', async t => {
  const rig = await openRig(t)
  const alice = await rig.answered('alice')
  const epoch = await rig.talking('alice', alice.uuid)
  await rig.roster.release('alice', epoch, 'talked', rig.clock.now())
  await rig.roster.occupy('alice', alice.uuid, rig.clock.now())
  await rig.reconciler().start()
  await rig.clock.advance(60_000)
  assert.equal(await rig.state('alice'), 'busy-elsewhere')
  alice.hangUp()
  await rig.clock.advance(60_000)
  assert.equal(await rig.state('alice'), 'idle')
})

test('an agent who has dialled in and hung up, while no node noticed, is not on the line any more', async t => {
  const rig = await openRig(t)
  const alice = await rig.answered('alice')
  const epoch = await rig.talking('alice', alice.uuid)
  await rig.roster.release('alice', epoch, 'talked', rig.clock.now())
  await rig.clock.advance(60_000)
  await rig.roster.dialIn('alice', { leg: alice.uuid, flow: 'unpark', step: '3' }, rig.clock.now())
  const on = async () => (await rig.roster.get('alice', rig.clock.now()))?.dialledIn !== undefined
  await rig.reconciler().start()
  await rig.clock.advance(60_000)
  assert.ok(await on(), 'as long as the leg lives')
  alice.hangUp()
  await rig.clock.advance(60_000)
  assert.equal(await on(), false)
})
