import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Floor } from './floor.ts'

test('each call goes to the next agent, and after the last one to the first again', async () => {
  const floor = await Floor.open('round-robin')
  await floor.agents('carl', 'anna', 'bert')
  const served = []
  for (const call of ['c1', 'c2', 'c3', 'c4']) served.push(await floor.talks(call))
  assert.deepEqual(served, ['carl', 'anna', 'bert', 'carl'])
})

test('three callers who come in one moment get three agents, and the next caller the agent after them', async () => {
  const floor = await Floor.open('round-robin')
  await floor.agents('anna', 'bert', 'carl', 'dora')
  for (const call of ['c1', 'c2', 'c3']) await floor.enters(call)
  const { assignments } = await floor.match()
  assert.deepEqual(
    assignments.map(({ agent }) => agent.name),
    ['anna', 'bert', 'carl'],
  )
  for (const assignment of assignments) {
    const done = await floor.store.assign(assignment, 'a', 60_000, floor.now)
    await floor.roster.release(done!.agent.name, done!.agent.reservation!.epoch, 'caller-left', floor.now)
    await floor.store.leave('sales', done!.member.call, 'abandoned')
  }
  assert.equal(await floor.talks('c4'), 'dora')
})

test('agents of one position have their turns by name', async () => {
  const floor = await Floor.open('round-robin')
  for (const name of ['carl', 'anna', 'bert']) await floor.agent(name)
  const served = []
  for (const call of ['c1', 'c2', 'c3', 'c4']) served.push(await floor.talks(call))
  assert.deepEqual(served, ['anna', 'bert', 'carl', 'anna'])
})

test('an agent who did not take the call has had the turn, and one who is busy is passed over', async () => {
  const floor = await Floor.open('round-robin')
  await floor.agents('anna', 'bert', 'carl')
  assert.equal(await floor.isRefused('c1'), 'anna')
  assert.equal(await floor.offered('c1'), 'bert')
  assert.equal(await floor.talks('c2'), 'carl')
  assert.equal(await floor.talks('c3'), 'carl', 'anna rests and bert has a caller')
  floor.now += 10_000
  assert.equal(await floor.talks('c4'), 'anna')
})

test('the turn stays at the level of the last offer until its end, then starts from the top', async () => {
  const floor = await Floor.open('round-robin')
  await floor.agents('anna')
  await floor.agent('bert', { level: 2, position: 1 })
  await floor.agent('carl', { level: 2, position: 2 })
  await floor.roster.setStatus('anna', 'break', floor.now)
  assert.equal(await floor.talks('c1'), 'bert')
  await floor.roster.setStatus('anna', 'ready', floor.now)
  assert.equal(await floor.talks('c2'), 'carl')
  assert.equal(await floor.talks('c3'), 'anna')
})

test('a call of another queue does not move the turn', async () => {
  const floor = await Floor.open('round-robin')
  await floor.store.put({ name: 'support', strategy: 'longest-idle-agent' })
  for (const [at, name] of ['anna', 'bert', 'carl'].entries())
    await floor.agent(name, { position: at + 1, queues: ['sales', 'support'] })
  assert.equal(await floor.talks('c1'), 'anna')
  assert.equal(await floor.talks('c2', 'support'), 'bert')
  assert.equal(await floor.talks('c3'), 'bert')
})

test('an agent who leaves the queue is forgotten there, and the agent before is the last one', async () => {
  const floor = await Floor.open('round-robin')
  await floor.agents('anna', 'bert', 'carl')
  assert.deepEqual([await floor.talks('c1'), await floor.talks('c2')], ['anna', 'bert'])
  await floor.roster.remove('bert', floor.now)
  assert.equal(await floor.talks('c3'), 'carl')
  await floor.agent('carl', { queues: ['support'] })
  await floor.store.put({ name: 'support', strategy: 'round-robin' })
  assert.equal(await floor.talks('c4', 'support'), 'carl')
  assert.deepEqual(
    (await floor.roster.get('carl', floor.now))!.turns!.map(({ queue }) => queue),
    ['support'],
  )
})
