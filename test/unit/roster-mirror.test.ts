/** A node's copy of the agents: what it keeps when Redis returns with older data, and what its readers hear. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newAgent, type Agent } from '../../src/agent/agent.ts'
import type { AgentNotice, Roster } from '../../src/agent/roster.ts'
import { silentLog } from '../../src/base/log.ts'
import { RosterMirror } from '../../src/agent/roster-mirror.ts'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'

const queues = [{ queue: 'sales', level: 1, position: 1 }]
const alice = (rev: number): Agent => ({
  ...newAgent({ name: 'alice', endpoint: 'user/1001', wrapUpMs: 0, ringForMs: 20_000, queues }, 0),
  rev,
})

async function openFloor() {
  const clock = new VirtualClock()
  let hear: (notice: AgentNotice) => void = () => {}
  const store: { list: () => Promise<Agent[]>; get: () => Promise<Agent | null> } = {
    list: async () => [alice(7)],
    get: async () => alice(7),
  }
  const roster = {
    list: () => store.list(),
    get: () => store.get(),
    onChange: (listener: typeof hear) => ((hear = listener), { [Symbol.dispose]() {} }),
  } as unknown as Roster
  const mirror = new RosterMirror(roster, clock, silentLog)
  const changes: string[] = []
  mirror.on('written', ({ name, agent }) => changes.push(`${name} ${agent?.rev ?? 'removed'}`))
  assert.equal(mirror.loaded, false)
  hear({ what: 'resync' })
  await clock.settle()
  return {
    clock,
    mirror,
    changes,
    store,
    hear: (notice: AgentNotice) => hear(notice),
    revs: () => mirror.all().map(agent => agent.rev),
  }
}

test('agents who could not be read are read a second later', async () => {
  const { clock, store, hear, revs } = await openFloor()
  store.list = () => Promise.reject(new Error('not ready'))
  hear({ what: 'resync' })
  await clock.settle()
  assert.deepEqual(revs(), [7])
  store.list = async () => [alice(9)]
  await clock.advance(1_000)
  assert.deepEqual(revs(), [9])
  assert.deepEqual(clock.pending(), [])
})

test('what a store that lost its last seconds says of an agent stands, however new the record that was seen before', async () => {
  const { clock, store, hear, revs } = await openFloor()
  store.list = async () => [alice(3)]
  hear({ what: 'resync' })
  await clock.settle()
  assert.deepEqual(revs(), [3])
})

test('what is heard while the agents are read is not lost to the older reading', async () => {
  const { clock, store, hear, revs } = await openFloor()
  let answer: (agents: Agent[]) => void = () => {}
  store.list = () => new Promise(resolve => (answer = resolve))
  hear({ what: 'resync' })
  hear({ what: 'agent', name: 'alice', rev: 5, agent: alice(5) })
  answer([alice(4)])
  await clock.settle()
  assert.deepEqual(revs(), [5])
})

test('what this node wrote of an agent is there at once, and its notice tells nobody twice', async () => {
  const { mirror, changes, hear, revs } = await openFloor()
  assert.ok(mirror.loaded)
  mirror.take(alice(8))
  assert.deepEqual(revs(), [8])
  hear({ what: 'agent', name: 'alice', rev: 8, agent: alice(8) })
  hear({ what: 'agent', name: 'alice', rev: 9, agent: alice(9) })
  assert.deepEqual(changes, ['alice 7', 'alice 8', 'alice 9'])
})

test('what this node wrote while the agents are read is not lost to the older reading, nor to an older notice', async () => {
  const { clock, mirror, store, hear, revs } = await openFloor()
  let answer: (agents: Agent[]) => void = () => {}
  store.list = () => new Promise(resolve => (answer = resolve))
  hear({ what: 'resync' })
  mirror.take(alice(9))
  hear({ what: 'agent', name: 'alice', rev: 8, agent: alice(8) })
  answer([alice(7)])
  await clock.settle()
  assert.deepEqual(revs(), [9])
})

test('an agent who is asked for again is as the store has them: set back, or deleted', async () => {
  const { mirror, store, revs } = await openFloor()
  store.get = async () => alice(3)
  await mirror.refresh('alice')
  assert.deepEqual(revs(), [3])
  store.get = async () => null
  assert.equal(await mirror.refresh('alice'), null)
  assert.deepEqual(revs(), [])
})

test('an agent of whom a notice comes while they are asked for again is as the notice says', async () => {
  const { mirror, store, hear, revs } = await openFloor()
  let answer: (agent: Agent | null) => void = () => {}
  store.get = () => new Promise(resolve => (answer = resolve))
  const refreshed = mirror.refresh('alice')
  hear({ what: 'agent', name: 'alice', rev: 8, agent: alice(8) })
  answer(alice(7))
  await refreshed
  assert.deepEqual(revs(), [8])
  const again = mirror.refresh('alice')
  hear({ what: 'agent', name: 'alice', rev: 9, agent: alice(9) })
  answer(null)
  await again
  assert.deepEqual(revs(), [9], 'removed, and added again during the read')
})
