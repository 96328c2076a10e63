/** Agents on the line belong to no node: what happens to them when nodes start, stop and die. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { rig } from './nailed-rig.ts'

test('an agent whom a node that died had on the line stays on it, and is called only when they leave', async () => {
  const { clock, carrier, roster, nailed, ready, look } = await rig()
  const leg = randomUUID()
  await roster.nail('alice', { leg, node: 'dead' }, clock.now())
  carrier.legs.add(leg)
  using _ = nailed.need('sales')
  await ready()
  assert.deepEqual([nailed.count, carrier.dialled.length, (await look())?.nailed?.node], [1, 0, 'a'])
  carrier.hangUp(leg)
  await clock.advance(1_000)
  assert.deepEqual([nailed.count, (await look())?.nailed], [0, null])
  await clock.advance(5_000)
  assert.deepEqual([nailed.count, carrier.dialled.length], [1, 1])
})

test('an agent who talks when their node dies is looked after by the next one', async () => {
  const { clock, carrier, node, nailed, dies, ready, talks, look } = await rig()
  nailed.need('sales')
  await ready()
  const over = await talks()
  dies()
  const b = node('b')
  using _ = b.nailed.need('sales')
  await clock.settle()
  assert.deepEqual([b.nailed.count, (await look())?.nailed?.node], [1, 'b'])
  await over()
  await clock.advance(11_000)
  assert.deepEqual([carrier.dialled.length, (await look())?.state], [1, 'idle'])
})

test('the node dies while the phone rings: it rings on, once, and the agent is on the line of the next node', async () => {
  const { clock, carrier, answers, node, nailed, dies, ready, look } = await rig()
  carrier.behaviour = () => 'rings'
  nailed.need('sales')
  await ready()
  dies()
  const b = node('b')
  using _ = b.nailed.need('sales')
  await clock.settle()
  const { uuid } = carrier.dialled[0]!
  assert.deepEqual([(await look())?.state, (await look())?.nailed?.node], ['ringing', 'b'])
  answers(uuid)
  await clock.advance(500)
  const alice = await look()
  assert.deepEqual([alice?.state, alice?.nailed?.leg, b.nailed.count, carrier.dialled.length], ['idle', uuid, 1, 1])
})

test('a node that goes leaves its agents to the node that needs them next, and nobody is called twice', async () => {
  const { clock, carrier, node, nailed, dies, ready, look } = await rig()
  const need = nailed.need('sales')
  await ready()
  const b = node('b')
  need[Symbol.dispose]() // the campaign is for other agents
  await nailed.close('stay')
  dies()
  const needed = b.nailed.need('sales')
  await clock.advance(30_000)
  assert.deepEqual([carrier.dialled.length, carrier.legs.size, (await look())?.nailed?.node], [1, 1, 'b'])
  needed[Symbol.dispose]()
  await clock.settle()
  assert.equal(carrier.legs.size, 0)
})

test('a node that goes while a phone rings leaves that to the others, too', async () => {
  const { clock, carrier, answers, node, nailed, ready, look } = await rig()
  carrier.behaviour = () => 'rings'
  nailed.need('sales')
  await ready()
  const b = node('b')
  using _ = b.nailed.need('sales')
  await nailed.close('stay')
  await clock.settle()
  assert.deepEqual([carrier.legs.size, carrier.dialled.length, (await look())?.nailed?.node], [1, 1, 'b'])
  answers(carrier.dialled[0]!.uuid)
  await clock.advance(500)
  assert.deepEqual([(await look())?.state, b.nailed.count], ['idle', 1])
})

test('a campaign moves to another node while a phone rings: it rings on, once', async () => {
  const { clock, carrier, answers, node, nailed, ready, look } = await rig()
  carrier.behaviour = () => 'rings'
  const here = nailed.need('sales')
  await ready()
  const b = node('b')
  here[Symbol.dispose]()
  await clock.advance(3_000)
  using _ = b.nailed.need('sales')
  await clock.settle()
  answers(carrier.dialled[0]!.uuid)
  await clock.advance(500)
  assert.deepEqual(
    [carrier.legs.size, carrier.dialled.length, (await look())?.nailed?.node, b.nailed.count],
    [1, 1, 'b', 1],
  )
})

test('a phone that rings for a campaign that no other node takes does not leave the agent waiting for nobody', async () => {
  const { clock, carrier, answers, roster, node, nailed, ready, look } = await rig()
  carrier.behaviour = () => 'rings'
  const here = nailed.need('sales')
  await ready()
  node('b')
  here[Symbol.dispose]()
  await clock.advance(5_000)
  answers(carrier.dialled[0]!.uuid)
  await clock.advance(30_000)
  await roster.settle('alice', clock.now()) // as every queue does
  await clock.advance(15_000)
  assert.deepEqual([carrier.legs.size, (await look())?.nailed], [0, null])
})

test('when two nodes need the same agents, the one that has called them does not hang up on the other', async () => {
  const { clock, carrier, node, nailed, ready, look } = await rig()
  const [here, b] = [nailed.need('sales'), node('b')]
  using _ = b.nailed.need('sales')
  await ready()
  assert.equal(carrier.dialled.length, 1)
  here[Symbol.dispose]()
  await clock.advance(30_000)
  assert.deepEqual(
    [carrier.legs.size, carrier.dialled.length, (await look())?.nailed?.node, nailed.count, b.nailed.count],
    [1, 1, 'b', 0, 1],
  )
})

test('an agent whom no other node takes is let go after ten seconds', async () => {
  const { clock, carrier, node, nailed, ready } = await rig()
  const need = nailed.need('sales')
  node('b')
  await ready()
  need[Symbol.dispose]()
  await clock.advance(9_000)
  assert.equal(carrier.legs.size, 1)
  await clock.advance(2_000)
  assert.equal(carrier.legs.size, 0)
})

test('an agent whom a dead node has left on the line, and whom nobody needs, is let go', async () => {
  const { clock, carrier, node, nailed, dies, ready, look } = await rig()
  nailed.need('sales')
  await ready()
  const b = node('b')
  await clock.settle()
  b.nailed.lookAfterTheirs()
  await clock.advance(11_000)
  assert.equal(carrier.legs.size, 1) // its node lives
  dies()
  b.nailed.lookAfterTheirs()
  await clock.advance(9_000)
  assert.equal(carrier.legs.size, 1) // the campaign may be on its way to the next node
  await clock.advance(2_000)
  assert.deepEqual([carrier.legs.size, (await look())?.nailed], [0, null])
})

test('the only node is started anew, and no campaign runs any more: whom it had left on the line is let go', async () => {
  const { clock, carrier, roster, ready, look } = await rig()
  const leg = randomUUID()
  carrier.legs.add(leg)
  await roster.nail('alice', { leg, node: 'a' }, clock.now())
  await ready()
  await clock.advance(11_000)
  assert.deepEqual([carrier.legs.size, (await look())?.nailed], [0, null])
})

test('when the last node goes agents are let go, and who talks goes after the talk', async () => {
  const { clock, carrier, changed, roster, nailed, ready, talks, look } = await rig()
  const need = nailed.need('sales')
  await ready()
  const queues = [{ queue: 'sales', level: 1, position: 1 }]
  await roster.put({ name: 'bob', endpoint: 'user/1002', wrapUpMs: 0, ringForMs: 20_000, queues }, clock.now())
  await roster.setStatus('bob', 'ready', clock.now())
  await clock.settle()
  assert.equal(carrier.legs.size, 2)
  await talks()
  need[Symbol.dispose]()
  await nailed.close('let-go')
  const alice = (await look())?.nailed?.leg
  assert.deepEqual([...carrier.legs], [alice])
  assert.deepEqual(changed, [`uuid_setvar ${alice} park_after_bridge`])
  assert.equal((await roster.get('bob', clock.now()))?.nailed, null)
})
