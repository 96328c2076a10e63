import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Floor } from './floor.ts'

test('one telephone rings, then one more each time the delay has passed, by level and position', async () => {
  const floor = await Floor.open('ring-progressively')
  await floor.agents('anna', 'bert')
  await floor.agent('carl', { level: 2 })
  assert.deepEqual(await floor.rings('c1'), ['anna'])
  floor.now += 9_999
  assert.deepEqual(await floor.rings('c1'), ['anna'])
  floor.now += 1
  assert.deepEqual(await floor.rings('c1'), ['anna', 'bert'])
  floor.now += 10_000
  assert.deepEqual(await floor.rings('c1'), ['anna', 'bert', 'carl'])
})

test('the delay is a setting of the queue', async () => {
  const floor = await Floor.open('ring-progressively')
  await floor.sets({ ringProgressivelyDelayMs: 3_000 })
  await floor.agents('anna', 'bert')
  await floor.rings('c1')
  floor.now += 3_000
  assert.deepEqual(await floor.rings('c1'), ['anna', 'bert'])
})

test('an agent who refuses stops ringing, and the next one rings when the delay has passed', async () => {
  const floor = await Floor.open('ring-progressively')
  await floor.agents('anna', 'bert')
  await floor.rings('c1')
  await floor.refuses('c1', 'anna')
  assert.deepEqual(await floor.rings('c1'), ['bert'], 'nobody rings any more: the next one rings at once')
})
