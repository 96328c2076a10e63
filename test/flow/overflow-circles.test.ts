/** Queues that send their callers to each other in any way: nobody goes in circles, and nobody is lost. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { simulate } from '#testing'
import { seededRandom } from '../../src/base/seeded-random.ts'
import type { Overflow } from '../../src/queue/overflow.ts'
import type { WaitingGiven } from '../../src/queue/waiting-settings.ts'
import queueEntry from '../../scripts/queue-entry.ts'
import { settings } from './queue-settings.ts'

const QUEUES = ['one', 'two', 'three', 'four'] as const
const ROUNDS = 12

/** Limits that send many callers away, to any queue. */
function anySettings(random: () => number): WaitingGiven {
  const often = () => random() < 0.5
  const target = (): Overflow =>
    random() < 0.1 ? { to: 'hangup' } : { to: 'queue', queue: QUEUES[Math.floor(random() * QUEUES.length)]! }
  return {
    maxLength: often() ? 1 + Math.floor(random() * 2) : 0,
    maxWaitMs: often() ? 5_000 + Math.floor(random() * 20_000) : 0,
    maxWaitWithoutAgentsMs: often() ? 10_000 : 0,
    enterWithoutAgents: random() < 0.7,
    whenFull: target(),
    whenMaxWait: target(),
    whenNoAgents: target(),
    announceEveryMs: 0,
    musicOnHold: '',
  }
}

test('whatever queues send their callers where, each caller enters a queue at most once, and waits or is let go', async t => {
  for (let round = 0; round < ROUNDS; round++) {
    const random = seededRandom(`circles ${round}`)
    const sim = simulate(t, { queues: QUEUES })
    for (const name of QUEUES) await settings(sim, anySettings(random), name)
    const callers = Array.from({ length: 5 }, () =>
      sim.call(queueEntry, { params: { queue: QUEUES[Math.floor(random() * QUEUES.length)]! } }),
    )
    await sim.advance('3m')
    for (const caller of callers) {
      const uuid = await caller.uuid()
      const entered = sim.told('queue.call.entered').flatMap(one => (one.uuid === uuid ? [one.queue] : []))
      const refused = sim.told('queue.call.refused').flatMap(one => (one.uuid === uuid ? [one.queue] : []))
      assert.equal(
        new Set([...entered, ...refused]).size,
        entered.length + refused.length,
        `round ${round}: in circles`,
      )
      const places = (await Promise.all(QUEUES.map(name => sim.queueStore.member(name, uuid)))).filter(Boolean)
      const isOver = sim.records.some(record => record.uuid === uuid)
      assert.equal(places.length, isOver ? 0 : 1, `round ${round}: one place for who waits, none for who is let go`)
      if (isOver) continue
      await caller.hangsUp()
      assert.equal(await caller.outcome(), 'abandoned')
    }
  }
})
