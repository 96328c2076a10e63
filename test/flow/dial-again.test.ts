/** A dial whose node is suspended before it has written the result: nobody's telephone rings a second time. */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { flow } from '#flow'
import { memoryCallStore } from '../../src/journal/memory-call-store.ts'
import type { CallStore } from '../../src/journal/call-store.ts'
import { Simulation } from '../../src/testing/simulation.ts'

const calling = flow(async call => {
  await call.answer()
  await using party = await call.dial('user/bob', { ringFor: '20s' })
  return party.outcome
})

/**
 * A simulation whose first node is suspended, for good, as soon as it is about to write (or has written) such an entry
 * of the dial.
 */
function standsStillAt(t: TestContext, kind: 'intent' | 'done') {
  const store = memoryCallStore()
  const stood = { still: false }
  const append: CallStore['append'] = async (uuid, owner, entries) => {
    if (
      owner.node !== 'a' ||
      !entries.some(entry => entry.includes(`"k":"${kind}"`) && entry.includes('"verb":"dial"'))
    )
      return store.append(uuid, owner, entries)
    if (kind === 'intent') await store.append(uuid, owner, entries)
    stood.still = true
    return new Promise<boolean>(() => {})
  }
  const calls: CallStore = {
    append,
    take: (...about) => store.take(...about),
    restart: (...about) => store.restart(...about),
    end: (...about) => store.end(...about),
    owner: uuid => store.owner(uuid),
    ownersOf: uuids => store.ownersOf(uuids),
    all: () => store.all(),
    read: uuid => store.read(uuid),
  }
  const sim = new Simulation({}, calls)
  t.after(() => sim.close())
  return { sim, stood }
}

test('a telephone that was declined while the next node was not there yet does not ring again: the dial is lost', async t => {
  const { sim, stood } = standsStillAt(t, 'done')
  const bob = sim.agent('bob', { answers: 'declined' })
  const caller = sim.call(calling)
  await sim.until('bob has declined', () => stood.still)
  await sim.advance('1s')
  await sim.until('the second node opens', sim.open('b'))
  sim.kill('a')
  assert.equal(await caller.outcome(), 'lost')
  assert.equal(bob.place.rang, 1)
})

/** Bob has declined, both nodes have received that, and the first one is suspended before it writes it. */
async function declinedBeforeTwo(t: TestContext) {
  const { sim, stood } = standsStillAt(t, 'done')
  const bob = sim.agent('bob', { answers: 'declined' })
  await sim.until('node a opens', sim.ready)
  await sim.until('the second node opens', sim.open('b'))
  const caller = sim.call(calling)
  await sim.until('bob has declined', () => stood.still)
  return { sim, bob, caller }
}

test('a telephone that was declined while the next node listened does not ring again, and that node knows that it was declined', async t => {
  const { sim, bob, caller } = await declinedBeforeTwo(t)
  sim.kill('a')
  assert.equal(await caller.outcome(), 'declined')
  assert.equal(bob.place.rang, 1)
})

test('what a node has declined and forgotten is not dialled again either', async t => {
  const { sim, bob, caller } = await declinedBeforeTwo(t)
  await sim.advance('3m')
  // one more end: the old ones are dropped
  const other = sim.switch.world.call({ from: '+4930', to: 'switchhook-sorry' })
  await sim.advance('1s')
  other.hangUp()
  await sim.advance('1s')
  sim.kill('a')
  assert.equal(await caller.outcome(), 'lost')
  assert.equal(bob.place.rang, 1)
})

test('a telephone that was never called, because the node died before it said so, is called once by the next node', async t => {
  const { sim, stood } = standsStillAt(t, 'intent')
  const bob = sim.agent('bob', { answers: 'declined' })
  await sim.until('node a opens', sim.ready)
  await sim.until('the second node opens', sim.open('b'))
  const caller = sim.call(calling)
  await sim.until('the intent is written', () => stood.still)
  assert.equal(bob.place.rang, 0)
  sim.kill('a')
  assert.equal(await caller.outcome(), 'declined')
  assert.equal(bob.place.rang, 1)
})
