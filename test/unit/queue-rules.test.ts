/** The rules that hold for every strategy: skills, levels, the agent of the last talk, priority and weight. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseNeeds } from '../../src/agent/skills.ts'
import { Floor } from './strategies/floor.ts'

/** Nobody yet, and the moment at which the matcher looks at the caller again, in ms from now. */
async function looksAgainIn(floor: Floor, call: string): Promise<number | null> {
  const { assignments, later } = await floor.match()
  assert.deepEqual(assignments, [])
  const at = later.find(({ member }) => member.call === call)?.at
  return at === undefined || at === null ? null : at - floor.now
}

test('an agent without a skill that the caller needs does not get the call, and the record says why', async () => {
  const floor = await Floor.open('longest-idle-agent')
  await floor.agent('anna')
  await floor.agent('bert', { skills: 'german:2' })
  await floor.agent('carl', { skills: 'german:5,billing' })
  await floor.enters('c1', 'sales', { needs: parseNeeds('german:3') })
  const [assignment] = (await floor.match()).assignments
  assert.equal(assignment!.agent.name, 'carl')
  assert.deepEqual(assignment!.record.skipped, [
    { agent: 'anna', why: 'skill' },
    { agent: 'bert', why: 'skill' },
  ])
})

test('the needs of the queue hold for callers without needs of their own', async () => {
  const floor = await Floor.open('longest-idle-agent')
  await floor.sets({ skills: parseNeeds('german') })
  await floor.agent('anna')
  assert.equal(await floor.offered('c1'), null)
  await floor.enters('c2', 'sales', { needs: [] })
  assert.equal(await floor.offered('c2'), 'anna')
})

test('a skill that is required for some time is preferred after that', async () => {
  const floor = await Floor.open('longest-idle-agent')
  await floor.agent('anna')
  await floor.enters('c1', 'sales', { needs: parseNeeds('german/45s') })
  assert.equal(await looksAgainIn(floor, 'c1'), 45_000)
  floor.now += 45_000
  await floor.agent('bert', { skills: 'german' })
  assert.equal(await floor.offered('c1'), 'bert', 'still preferred')
  await floor.enters('c2', 'sales', { needs: parseNeeds('german/45s'), joinedAt: floor.now - 45_000 })
  assert.equal(await floor.offered('c2'), 'anna')
})

test('of the agents who may have the call those with most of the preferred skills come first', async () => {
  const floor = await Floor.open('top-down')
  await floor.agents('anna')
  await floor.agent('bert', { position: 2, skills: 'billing' })
  await floor.agent('carl', { position: 3, skills: 'billing,vip' })
  const needs = parseNeeds('billing?,vip?')
  for (const call of ['c1', 'c2', 'c3']) await floor.enters(call, 'sales', { needs })
  const served = (await floor.match()).assignments.map(({ agent }) => agent.name)
  assert.deepEqual(served, ['carl', 'bert', 'anna'])
})

test('agents of a higher level wait for their time while somebody of a lower level is there', async () => {
  const floor = await Floor.open('longest-idle-agent')
  await floor.sets({ tierWaitMs: 30_000 })
  await floor.agents('anna')
  await floor.agent('bert', { level: 2 })
  await floor.agent('carl', { level: 3 })
  assert.equal(await floor.offered('c1'), 'anna')
  await floor.enters('c2')
  assert.equal(await looksAgainIn(floor, 'c2'), 30_000)
  floor.now += 30_000
  assert.equal(await floor.offered('c2'), 'bert')
  await floor.enters('c3', 'sales', { joinedAt: floor.now - 30_000 })
  assert.equal(await looksAgainIn(floor, 'c3'), 30_000, 'level 3 waits twice as long')
  await floor.sets({ tierWaitMs: 30_000, tierWaitMultiplies: false })
  assert.equal(await floor.offered('c3'), 'carl')
})

test('a level does not wait for levels at which nobody is, or everybody is on a break, unless the queue says so', async () => {
  const floor = await Floor.open('longest-idle-agent')
  await floor.sets({ tierWaitMs: 30_000 })
  await floor.agents('anna')
  await floor.agent('bert', { level: 2 })
  await floor.roster.setStatus('anna', 'break', floor.now)
  assert.equal(await floor.offered('c1'), 'bert')
  await floor.agent('carl', { level: 3 })
  await floor.enters('c2')
  assert.equal(await looksAgainIn(floor, 'c2'), 60_000, 'bert is there, though he has a caller')
  await floor.sets({ tierWaitMs: 30_000, tierSkipsEmpty: false })
  await floor.roster.setStatus('bert', 'logged-out', floor.now)
  assert.equal(await looksAgainIn(floor, 'c2'), 60_000)
})

test('a caller who talked with an agent before is offered that agent first', async () => {
  const floor = await Floor.open('top-down')
  await floor.sets({ rememberMs: 3_600_000 })
  await floor.agents('anna', 'bert')
  await floor.roster.setStatus('anna', 'break', floor.now)
  await floor.enters('c1', 'sales', { from: '+4930555123' })
  assert.equal(await floor.talks('c1'), 'bert')
  await floor.roster.setStatus('anna', 'ready', floor.now)
  await floor.enters('c2', 'sales', { from: '+4930555123' })
  assert.equal(await floor.isRefused('c2'), 'bert', 'the same caller')
  floor.now += 10_000
  assert.equal(await floor.talks('c2'), 'anna', 'bert did not take the call')
  await floor.enters('c3', 'sales', { from: '+4930555999' })
  assert.equal(await floor.talks('c3'), 'anna', 'another caller')
})

test('a caller waits for the agent of the last talk as long as the queue says, while that agent is there', async () => {
  const floor = await Floor.open('top-down')
  await floor.sets({ rememberMs: 3_600_000, rememberWaitMs: 20_000 })
  await floor.agents('anna', 'bert')
  const again = { from: '+4930555123' }
  await floor.enters('c1', 'sales', again)
  assert.equal(await floor.talks('c1'), 'anna')
  assert.equal(await floor.offered('c2'), 'anna')
  await floor.enters('c3', 'sales', again)
  assert.equal(await looksAgainIn(floor, 'c3'), 20_000)
  await floor.roster.setStatus('anna', 'logged-out', floor.now)
  assert.equal(await floor.offered('c3'), 'bert', 'anna has gone home')
})

test('the agent of a talk is forgotten after the time of the setting, and a caller without a number is not known', async () => {
  const floor = await Floor.open('top-down')
  await floor.sets({ rememberMs: 60_000 })
  await floor.agents('anna', 'bert')
  await floor.roster.setStatus('anna', 'break', floor.now)
  for (const from of ['+4930555123', '']) {
    await floor.enters(`first ${from}`, 'sales', { from })
    assert.equal(await floor.talks(`first ${from}`), 'bert')
  }
  await floor.roster.setStatus('anna', 'ready', floor.now)
  await floor.enters('nameless', 'sales', { from: '' })
  assert.equal(await floor.talks('nameless'), 'anna')
  floor.now += 60_000
  await floor.enters('late', 'sales', { from: '+4930555123' })
  assert.equal(await floor.talks('late'), 'anna')
})

test('a caller of a higher priority is served first, however long the others have waited', async () => {
  const floor = await Floor.open('longest-idle-agent')
  await floor.enters('early', 'sales', { joinedAt: floor.now - 600_000 })
  await floor.enters('important', 'sales', { priority: 1 })
  await floor.agents('anna')
  const served = (await floor.match()).assignments.map(({ member }) => member.call)
  assert.deepEqual(served, ['important'])
})

test('an agent of two queues serves the queue with the higher weight first', async () => {
  const floor = await Floor.open('longest-idle-agent')
  await floor.store.put({ name: 'support', strategy: 'longest-idle-agent', weight: 10 })
  await floor.enters('early', 'sales', { joinedAt: floor.now - 600_000 })
  await floor.enters('heavy', 'support')
  await floor.agent('anna', { queues: ['sales', 'support'] })
  const served = (await floor.match(['sales', 'support'])).assignments.map(({ member }) => member.call)
  assert.deepEqual(served, ['heavy'])
})

test('a strategy that fails keeps nobody waiting: the longest idle agent is offered the call, and the fault is told', async () => {
  const broken = () => {
    throw new Error('no such column')
  }
  const floor = await Floor.open('random', new Map([['random', broken]]))
  await floor.agents('anna')
  await floor.enters('c1')
  const { assignments, failures } = await floor.match()
  assert.deepEqual(
    assignments.map(({ agent }) => agent.name),
    ['anna'],
  )
  assert.equal(failures.get('sales')?.message, 'no such column')
})
