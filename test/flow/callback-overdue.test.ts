/** A supervisor sees how many callbacks could be made now, and are not. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { queueFigures } from '../../src/queue/figures.ts'
import { parseHours } from '../../src/base/hours.ts'
import { open, promise } from './callback-floor.ts'

type Sim = Awaited<ReturnType<typeof open>>

async function callbacks(sim: Sim): Promise<readonly number[]> {
  const [sales] = (await queueFigures(sim, sim.clock.now())).filter(({ name }) => name === 'sales')
  return [sales!.callbacks, sales!.overdueCallbacks]
}

test('a callback that waits for an agent is overdue; one whose telephones ring, whose customer was busy, or whose time is later, is not', async t => {
  const sim = await open(t)
  const customer = promise(sim, { answers: 'busy' })
  promise(sim, { number: '+4930555999', in: '1h' })
  await sim.advance('6s')
  assert.deepEqual(await callbacks(sim), [1, 1], 'nobody is there to make it')
  const alice = sim.agent('alice', { wrapUp: '1s' })
  await alice.ready()
  await alice.rings()
  assert.deepEqual(await callbacks(sim), [1, 0], 'the telephone of the agent rings')
  await alice.accepts()
  await alice.ended('20s')
  await sim.advance('1s')
  assert.equal((await customer.row()).outcome, 'busy')
  await alice.takesBreak()
  assert.deepEqual(await callbacks(sim), [1, 0], 'the next try is later')
  await sim.advance('6m')
  assert.deepEqual(await callbacks(sim), [1, 1], 'the pause before the next try is over')
  await sim.advance('1h')
  assert.deepEqual(await callbacks(sim), [2, 2], 'the time of the scheduled one has come')
})

test('a callback is not overdue outside the calling hours', async t => {
  const time = (at: number) => new Date(at).toISOString().slice(11, 16)
  const sim = await open(t)
  const opens = sim.clock.now() + 7_200_000
  const callbackHours = parseHours(`Mon-Sun ${time(opens)}-${time(opens + 3_600_000)} UTC`)
  await sim.queueStore.put({ name: 'sales', strategy: 'longest-idle-agent', callbackHours })
  promise(sim)
  await sim.advance('6s')
  assert.deepEqual(await callbacks(sim), [1, 0])
  await sim.advance('2h')
  assert.deepEqual(await callbacks(sim), [1, 1])
})
