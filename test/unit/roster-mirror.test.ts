/** The agents as a node that dials sees them, when Redis returns with older data. */
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
  const store: { list: () => Promise<Agent[]> } = { list: async () => [alice(7)] }
  const roster = {
    list: () => store.list(),
    onChange: (listener: typeof hear) => ((hear = listener), { [Symbol.dispose]() {} }),
  } as unknown as Roster
  const mirror = new RosterMirror(roster, clock, silentLog)
  hear({ what: 'resync' })
  await clock.settle()
  return {
    clock,
    mirror,
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
