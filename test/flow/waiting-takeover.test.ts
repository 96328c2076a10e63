/** Callers who wait by the settings of their queue, while a node dies anywhere. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { simulate } from '#testing'
import type { Simulation } from '../../src/testing/simulation.ts'
import type { WaitingGiven } from '../../src/queue/waiting-settings.ts'
import queueEntry from '../../scripts/queue-entry.ts'

const params = { queue: 'support' }

const put = (sim: Simulation, name: string, given: WaitingGiven) =>
  sim.queueStore.put({ name, strategy: 'longest-idle-agent', ...given })

test('a caller hears the welcome and two announcements, and is served, and the node dies anywhere', async t => {
  const places = await simulate(t).takeoverEverywhere(
    queueEntry,
    async (caller, sim) => {
      const agent = sim.agents[0]!
      await caller.hears('support/welcome')
      await caller.hears('queue/position', '20s')
      await sim.advance('30s') // also where the first announcement is heard again, the second one ends before
      await agent.ready()
      await caller.hears('support/transfer')
      await agent.accepts()
      await caller.talksWith('alice')
      await agent.hangsUp()
      await caller.outcome()
    },
    {
      params,
      async before(sim) {
        sim.agent('alice')
        await put(sim, 'support', {
          welcomeSound: 'support/welcome',
          transferSound: 'support/transfer',
          announceEveryMs: 15_000,
        })
      },
    },
  )
  assert.ok(places >= 20, `${places} places`)
})

test('a caller waits for the longest time, goes to another queue and leaves it by a key, and the node dies anywhere', async t => {
  const places = await simulate(t).takeoverEverywhere(
    queueEntry,
    async (caller, sim) => {
      await caller.hears('support/long')
      await caller.hears('music moh/calm')
      await caller.hears('sales/hello', '40s')
      await sim.advance('15s') // where it is heard again, it ends before
      await caller.presses('7')
      await caller.hears('sales/bye')
      await caller.outcome()
    },
    {
      params,
      async before(sim) {
        await put(sim, 'support', {
          maxWaitMs: 20_000,
          overflowSound: 'support/long',
          whenMaxWait: { to: 'queue', queue: 'sales' },
        })
        await put(sim, 'sales', {
          announceEveryMs: 30_000,
          announceSound: 'sales/hello',
          exitKeys: '7',
          overflowSound: 'sales/bye',
        })
      },
    },
  )
  assert.ok(places >= 15, `${places} places`)
})

test('a caller who is not let in hears so and is sent to a queue that is full too, and the node dies anywhere', async t => {
  const places = await simulate(t).takeoverEverywhere(
    queueEntry,
    async caller => {
      await caller.hears('support/busy')
      await caller.hears('sales/busy')
      assert.equal(await caller.outcome(), 'no-agents')
    },
    {
      params,
      async before(sim) {
        await put(sim, 'support', {
          enterWithoutAgents: false,
          busySound: 'support/busy',
          whenNoAgents: { to: 'queue', queue: 'sales' },
        })
        await put(sim, 'sales', { enterWithoutAgents: false, busySound: 'sales/busy' })
      },
    },
  )
  assert.ok(places >= 8, `${places} places`)
})
