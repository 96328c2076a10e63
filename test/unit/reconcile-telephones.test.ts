/** Legs of ours at the telephones of agents, which no queue promised, when the node that dialled them has died. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openHouse } from './reconcile-house.ts'

test('an agent whose telephone a dead node had dialled by click-to-dial is busy as long as that leg lives, and no longer', async t => {
  const house = await openHouse(t)
  const alice = await house.answered('alice')
  const epoch = await house.talking('alice', alice.uuid)
  await house.roster.release('alice', epoch, 'talked', house.clock.now())
  await house.roster.occupy('alice', alice.uuid, house.clock.now())
  await house.reconciler().start()
  await house.clock.advance(60_000)
  assert.equal(await house.state('alice'), 'busy-elsewhere')
  alice.hangUp()
  await house.clock.advance(60_000)
  assert.equal(await house.state('alice'), 'idle')
})
