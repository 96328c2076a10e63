import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Floor } from './floor.ts'

test('the agent who has talked least gets the call, however many calls that were', async () => {
  const floor = await Floor.open('agent-with-least-talk-time')
  await floor.agents('anna', 'bert')
  assert.equal(await floor.talks('c1', 'sales', 60_000), 'anna')
  assert.equal(await floor.talks('c2', 'sales', 10_000), 'bert')
  assert.equal(await floor.talks('c3', 'sales', 10_000), 'bert')
  assert.equal(await floor.talks('c4', 'sales', 45_000), 'bert')
  assert.equal(await floor.talks('c5'), 'anna')
})

test('an agent who becomes ready again starts from nothing', async () => {
  const floor = await Floor.open('agent-with-least-talk-time')
  await floor.agents('anna', 'bert')
  await floor.talks('c1', 'sales', 60_000)
  await floor.talks('c2', 'sales', 10_000)
  await floor.roster.setStatus('anna', 'break', floor.now)
  await floor.roster.setStatus('anna', 'ready', floor.now)
  assert.equal(await floor.talks('c3'), 'anna')
})

test('the level comes first', async () => {
  const floor = await Floor.open('agent-with-least-talk-time')
  await floor.agents('anna')
  await floor.agent('bert', { level: 2 })
  await floor.talks('c1', 'sales', 60_000)
  assert.equal(await floor.talks('c2'), 'anna')
})
