import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Floor } from './floor.ts'

test('the agent who has answered the fewest calls gets the call, however long those were', async () => {
  const floor = await Floor.open('agent-with-fewest-calls')
  await floor.agents('anna', 'bert')
  assert.equal(await floor.talks('c1', 'sales', 600_000), 'anna')
  assert.equal(await floor.talks('c2', 'sales', 1_000), 'bert')
  assert.equal(await floor.talks('c3', 'sales', 1_000), 'anna', 'one call each: the lower position')
  assert.equal(await floor.talks('c4', 'sales', 1_000), 'bert')
})

test('a call that an agent did not take does not count', async () => {
  const floor = await Floor.open('agent-with-fewest-calls')
  await floor.agents('anna', 'bert')
  assert.equal(await floor.isRefused('c1'), 'anna')
  assert.equal(await floor.talks('c1'), 'bert')
  floor.now += 10_000
  assert.equal(await floor.talks('c2'), 'anna')
})

test('an agent who becomes ready again starts from nothing', async () => {
  const floor = await Floor.open('agent-with-fewest-calls')
  await floor.agents('anna', 'bert')
  for (const call of ['c1', 'c2', 'c3']) await floor.talks(call)
  await floor.roster.setStatus('anna', 'logged-out', floor.now)
  await floor.roster.setStatus('anna', 'ready', floor.now)
  assert.equal(await floor.talks('c4'), 'anna')
})
