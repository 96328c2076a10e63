import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Floor } from './floor.ts'

test('every telephone of a usable agent rings, and a caller behind waits', async () => {
  const floor = await Floor.open('ring-all')
  await floor.agents('anna', 'bert', 'carl')
  await floor.roster.setStatus('bert', 'break', floor.now)
  assert.deepEqual(await floor.rings('c1'), ['anna', 'carl'])
  assert.deepEqual(await floor.rings('c2'), [])
})

test('the agent who takes the call has it, and the others are free for the next caller', async () => {
  const floor = await Floor.open('ring-all')
  await floor.agents('anna', 'bert', 'carl')
  await floor.rings('c1')
  await floor.answers('c1', 'bert')
  assert.deepEqual(await floor.rings('c2'), ['anna', 'carl'])
})

test('when nobody takes the call the caller waits on, and all telephones ring again after the rest', async () => {
  const floor = await Floor.open('ring-all')
  await floor.agents('anna', 'bert')
  await floor.rings('c1')
  await floor.refuses('c1', 'anna')
  assert.equal((await floor.store.member('sales', 'c1'))?.state, 'offered', 'bert rings on')
  await floor.refuses('c1', 'bert')
  assert.equal((await floor.store.member('sales', 'c1'))?.state, 'waiting')
  floor.now += 10_000
  assert.deepEqual(await floor.rings('c1'), ['anna', 'bert'])
})
