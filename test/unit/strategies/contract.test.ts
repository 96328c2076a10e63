/** What the matcher gives to every strategy, and what it does with the answer. */
import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { test } from 'node:test'
import { InputError } from '../../../src/base/errors.ts'
import type { Assignment } from '../../../src/queue/queue-table.ts'
import { loadStrategies, strategyNames } from '../../../src/queue/strategies.ts'
import type { Candidate, Choice, Situation, Strategy } from '../../../src/queue/strategy.ts'
import { answered, openRig } from '../queue-rig.ts'
import { Floor } from './floor.ts'

/** A queue with this strategy, and anna, bert and carl. */
async function openFloor(strategy: Strategy): Promise<Floor> {
  const floor = await Floor.open('random', new Map([['random', strategy]]))
  await floor.agents('anna', 'bert', 'carl')
  return floor
}

test('every file in the folder is a strategy that a queue can have', () => {
  const folder = fileURLToPath(new URL('../../../src/queue/strategies/', import.meta.url))
  const files = readdirSync(folder).map(name => name.replace(/\.ts$/, ''))
  assert.deepEqual([...strategyNames()].sort(), files.sort())
})

test('a supervisor who misspells a strategy is told the names that there are', async () => {
  await assert.rejects(
    Floor.open('round-robbin'),
    new InputError(`queue sales: there is no strategy 'round-robbin'; known: ${strategyNames().join(', ')}`),
  )
})

const everyUsable = ({ agents }: Situation): Choice[] =>
  agents.map(candidate => ({ agents: [candidate], key: ['any'] }))
const nameOf = (candidate: Candidate | null) => candidate?.agent.name ?? null

test('a strategy sees the caller, the usable agents, and who was offered last', async () => {
  const seen: object[] = []
  const floor = await openFloor(situation => {
    const { caller, queue, agents, lastOffered } = situation
    const { lastOffered: theirs, ...rest } = caller
    seen.push({
      ...rest,
      queue: queue.name,
      agents: agents.map(nameOf),
      last: nameOf(lastOffered),
      theirs: nameOf(theirs),
    })
    return everyUsable(situation)
  })
  await floor.enters('c1')
  floor.now += 5_000
  assert.equal(await floor.isRefused('c1'), 'anna')
  assert.equal(await floor.offered('c2'), 'carl', 'bert is for c1, who has waited longer')
  const c1 = { call: 'c1', from: '100', waitedMs: 5_000, scoreMs: 5_000, queue: 'sales', offeredAt: null, ringing: 0 }
  assert.deepEqual(seen, [
    { ...c1, agents: ['anna', 'bert', 'carl'], last: null, theirs: null },
    { ...c1, agents: ['bert', 'carl'], last: 'anna', theirs: 'anna', offeredAt: floor.now },
    { ...c1, call: 'c2', waitedMs: 0, scoreMs: 0, agents: ['carl'], last: 'bert', theirs: null },
  ])
})

test('a strategy that gives an agent who is not usable does not give them a second caller', async () => {
  const floor = await openFloor(situation => {
    const { lastOffered } = situation
    return [...(lastOffered ? [{ agents: [lastOffered], key: ['again'] }] : []), ...everyUsable(situation)]
  })
  assert.equal(await floor.offered('c1'), 'anna')
  assert.equal(await floor.offered('c2'), 'bert')
})

test('of several agents in one choice all are offered the call, and nobody has two callers', async () => {
  const floor = await openFloor(({ agents }) => [{ agents, key: ['all'] }])
  await floor.enters('c1')
  await floor.enters('c2')
  const [{ record, agent, others }] = (await floor.match()).assignments as [Assignment]
  assert.deepEqual([agent.name, others!.map(({ name }) => name)], ['anna', ['bert', 'carl']])
  assert.deepEqual(
    record.candidates,
    ['anna', 'bert', 'carl'].map(name => ({ agent: name, key: ['all'] })),
  )
  assert.equal(await floor.offered('c1'), 'anna')
  assert.equal(await floor.offered('c2'), null)
})

test('a caller to whom the strategy gives nobody yet does not delay the callers behind, and the record says so', async () => {
  const floor = await openFloor(situation => {
    const { caller, now } = situation
    if (caller.call === 'choosy') return []
    return caller.call === 'picky' ? { lookAgainAt: now + 3_000 } : everyUsable(situation)
  })
  await floor.enters('picky')
  await floor.enters('choosy')
  floor.now += 1_000
  await floor.enters('c2')
  const { assignments, later } = await floor.match()
  const ahead = ['picky', 'choosy'].map(call => ({ call, why: 'nobody-yet' }))
  assert.deepEqual(
    assignments.map(({ record }) => [record.call, record.agent, record.ahead]),
    [['c2', 'anna', ahead]],
  )
  assert.deepEqual(
    later.map(({ member, at }) => [member.call, at]),
    [
      ['picky', floor.now + 3_000],
      ['choosy', null],
    ],
  )
})

test('a caller to whom the strategy gives nobody yet has an agent at the moment that it named, and nothing polls', async t => {
  let decided = 0
  const patient: Strategy = situation => {
    decided++
    const { caller, now } = situation
    return caller.waitedMs < 20_000 ? { lookAgainAt: now + 20_000 - caller.waitedMs } : everyUsable(situation)
  }
  const rig = await openRig(t, new Map([['longest-idle-agent', patient]]))
  await using place = await rig.enter('c1')
  await rig.clock.advance(5_000)
  await rig.agent('alice')
  await rig.clock.advance(14_999)
  assert.equal(decided, 1, 'alice came')
  assert.equal(place.called.aborted, false)
  await rig.clock.advance(1)
  assert.equal(place.called.aborted, true)
  await using agent = await answered(rig, place)
  assert.equal(agent.name, 'alice')
})

test('callers of a queue whose strategy is not known here are offered the longest idle agent', async () => {
  const floor = await Floor.open('top-down', new Map([['random', everyUsable]]))
  await floor.agents('anna')
  await floor.enters('c1')
  assert.match((await floor.match()).failures.get('sales')!.message, /there is no strategy 'top-down'/)
  assert.equal(await floor.offered('c1'), 'anna')
})

test('a team adds a strategy of its own as a file, and every fault of its folder is told at once', async t => {
  const folder = mkdtempSync(join(tmpdir(), 'strategies-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const write = (name: string, text: string) => writeFileSync(join(folder, name), text)
  write('last-by-name.mjs', 'export default ({ agents }) => [{ agents: [agents.at(-1)], key: ["last"] }]')
  await loadStrategies(folder)
  const floor = await Floor.open('last-by-name')
  await floor.agents('anna', 'bert')
  assert.equal(await floor.offered('c1'), 'bert')

  write('random.mjs', '')
  write('Loud.mjs', '')
  write('number.mjs', 'export default 7')
  await assert.rejects(loadStrategies(folder), (error: Error) => {
    assert.match(error.message, /Loud.mjs: a strategy's name has 1 to 40 lower-case letters/)
    assert.match(error.message, /random.mjs: there is a strategy 'random' already: rename the file/)
    assert.match(error.message, /number.mjs: its default export is not a function/)
    return error instanceof InputError
  })
  await assert.rejects(loadStrategies(join(folder, 'nowhere')), /cannot be read \(setting QUEUE_STRATEGIES\)/)
})
