import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Floor } from './floor.ts'

test('every caller starts at the top', async () => {
  const floor = await Floor.open('top-down')
  await floor.agents('carl', 'anna', 'bert')
  assert.deepEqual([await floor.talks('c1'), await floor.talks('c2')], ['carl', 'carl'])
  assert.equal(await floor.offered('c3'), 'carl')
  assert.equal(await floor.talks('c4'), 'anna')
})

test('a caller whose call is not taken gets the next agent below, and at the end the first again', async () => {
  const floor = await Floor.open('top-down')
  await floor.agents('anna', 'bert')
  await floor.agent('carl', { level: 2 })
  const asked = []
  for (let offer = 0; offer < 5; offer++) asked.push(await floor.isRefused('c1', 'caller-left'))
  assert.deepEqual(asked, ['anna', 'bert', 'carl', 'anna', 'bert'])
})

test('agents of one position follow each other by name', async () => {
  const floor = await Floor.open('top-down')
  for (const name of ['bert', 'anna', 'carl']) await floor.agent(name)
  const asked = []
  for (let offer = 0; offer < 4; offer++) asked.push(await floor.isRefused('c1', 'caller-left'))
  assert.deepEqual(asked, ['anna', 'bert', 'carl', 'anna'])
})

test('an agent below who is not usable does not stop the call: it goes on to the next, or to the top', async () => {
  const floor = await Floor.open('top-down')
  await floor.agents('anna', 'bert', 'carl')
  assert.equal(await floor.isRefused('c1', 'caller-left'), 'anna')
  await floor.roster.setStatus('bert', 'break', floor.now)
  assert.equal(await floor.isRefused('c1', 'caller-left'), 'carl')
  await floor.roster.setStatus('carl', 'break', floor.now)
  assert.equal(await floor.isRefused('c1', 'caller-left'), 'anna')
})

test('a caller whose last agent was removed starts at the top again', async () => {
  const floor = await Floor.open('top-down')
  await floor.agents('anna', 'bert', 'carl')
  assert.equal(await floor.isRefused('c1', 'caller-left'), 'anna')
  assert.equal(await floor.isRefused('c1', 'caller-left'), 'bert')
  await floor.roster.remove('bert', floor.now)
  assert.equal(await floor.isRefused('c1', 'caller-left'), 'anna')
})
