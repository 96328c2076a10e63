import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Floor } from './floor.ts'

test('the first agent of the order gets every call that they can take', async () => {
  const floor = await Floor.open('sequentially-by-agent-order')
  await floor.agents('anna', 'bert')
  assert.deepEqual([await floor.talks('c1'), await floor.talks('c2')], ['anna', 'anna'])
  await floor.roster.setStatus('anna', 'break', floor.now)
  assert.equal(await floor.talks('c3'), 'bert')
})

test('of agents of one position the one whose last offer, of any queue, was longest ago', async () => {
  const floor = await Floor.open('sequentially-by-agent-order')
  await floor.store.put({ name: 'support', strategy: 'sequentially-by-agent-order' })
  for (const name of ['anna', 'bert']) await floor.agent(name, { queues: ['sales', 'support'] })
  assert.equal(await floor.talks('c1', 'support'), 'anna')
  assert.equal(await floor.talks('c2'), 'bert')
  assert.equal(await floor.talks('c3'), 'anna')
})
