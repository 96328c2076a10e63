import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Floor } from './floor.ts'

test('a caller gets the agent whose last talk ended longest ago', async () => {
  const floor = await Floor.open('longest-idle-agent')
  await floor.agents('anna', 'bert', 'carl')
  const served = []
  for (const call of ['c1', 'c2', 'c3', 'c4', 'c5']) served.push(await floor.talks(call))
  assert.deepEqual(served, ['anna', 'bert', 'carl', 'anna', 'bert'])
})

test('an agent who refused a call has not talked, and is asked first when the rest is over', async () => {
  const floor = await Floor.open('longest-idle-agent')
  await floor.agents('anna', 'bert')
  assert.equal(await floor.isRefused('c1'), 'anna')
  assert.equal(await floor.talks('c1'), 'bert')
  floor.now += 10_000
  assert.equal(await floor.talks('c2'), 'anna')
})

test('agents of the second level get a caller only when nobody of the first is usable', async () => {
  const floor = await Floor.open('longest-idle-agent')
  await floor.agent('bert', { level: 2 })
  await floor.agent('anna')
  assert.deepEqual([await floor.talks('c1'), await floor.talks('c2')], ['anna', 'anna'])
  await floor.roster.setStatus('anna', 'break', floor.now)
  assert.equal(await floor.talks('c3'), 'bert')
})
