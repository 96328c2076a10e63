/** A takeover while the call store is slow, or has executed a write that counted as lost. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { flow } from '#flow'
import { SwitchhookError } from '../../src/base/errors.ts'
import { Simulation } from '../../src/testing/simulation.ts'

/** No node can take a call any more, until the result is called. */
function silence(sim: Simulation): () => void {
  const { take } = sim.callStore
  sim.callStore.take = () => Promise.reject(new SwitchhookError('SERVICE', 'Redis is silent'))
  return () => void (sim.callStore.take = take)
}

test('a caller whom a node could not take when they came goes on where they were when the store is back', async () => {
  const sim = new Simulation({})
  await sim.ready
  const begun: string[] = []
  const caller = sim.call(
    flow(async call => {
      begun.push('flow')
      await call.answer()
      await call.play('first')
      await call.once('bill', async () => void begun.push('bill'))
      await call.play('second')
      await call.play('third')
      return 'through'
    }),
    {},
  )
  await caller.hears('second')
  await sim.open('b')
  const answers = silence(sim)
  sim.kill('a')
  await caller.hears('first')
  answers()
  await caller.hears('third')
  assert.equal(await caller.outcome(), 'through')
  assert.deepEqual(begun, ['flow', 'bill', 'flow', 'flow'])
})

test('a write that was thought lost and is done twice is lived through once', async () => {
  const sim = new Simulation({})
  await sim.ready
  const append = sim.callStore.append.bind(sim.callStore)
  sim.callStore.append = async (...args) => (await append(...args), append(...args))
  const keys: string[] = []
  const caller = sim.call(
    flow(async call => {
      await call.answer()
      keys.push('|')
      using _keys = call.on('key', key => void keys.push(key))
      await call.play('long')
      await call.play('longer')
      return 'through'
    }),
    {},
  )
  await caller.hears('long')
  await caller.presses('1')
  await caller.hears('longer')
  await sim.open('b')
  sim.kill('a')
  assert.equal(await caller.outcome(), 'through')
  assert.deepEqual(keys.join(''), '|1|1')
})

test('a call that could not be taken and that another node has by now is left to that one', async () => {
  const sim = new Simulation({})
  const a = await sim.ready
  const answers = silence(sim)
  const caller = sim.call(
    flow(async call => {
      await call.answer()
      await call.play('first')
      return 'through'
    }),
    {},
  )
  await caller.hears('first')
  const uuid = await caller.uuid()
  answers()
  await sim.callStore.take(uuid, 'b', '{}') // this node was unreachable meanwhile: the others have fetched its calls
  await a.door.revalidate()
  await sim.advance('5s')
  assert.equal(a.flows.running, 0)
  assert.equal(sim.records.length, 0, 'nothing is said about it here any more')
})

test('a caller who hangs up on the way to be taken once more is over, and leaves a record', async () => {
  const sim = new Simulation({})
  await sim.ready
  const caller = sim.call(
    flow(async call => {
      await call.answer()
      await call.play('first')
      await call.play('second')
      return 'through'
    }),
    {},
  )
  await caller.hears('second')
  const b = await sim.open('b')
  const answers = silence(sim)
  sim.kill('a')
  await caller.hears('first')
  answers()
  sim.switch.listeners.set(b.address, () => {}) // it is on its way, and no node greets it
  await sim.advance('3s')
  await caller.hangsUp()
  await sim.advance('1s')
  assert.equal(b.flows.running, 0, 'nobody waits for it for ever: reconciliation may write its record')
})

const THREE = () =>
  flow(async call => {
    await call.answer()
    await call.play('first')
    await call.play('second')
    await call.play('third')
    return 'through'
  })

test('a caller whose call was taken after all, though this node did not hear so in time, is not left in silence', async () => {
  const sim = new Simulation({})
  const a = await sim.ready
  const take = sim.callStore.take.bind(sim.callStore)
  sim.callStore.take = async (...args) => {
    await take(...args)
    throw new SwitchhookError('SERVICE', 'Redis has not answered for 250 ms')
  }
  const caller = sim.call(THREE(), {})
  await caller.hears('first')
  sim.callStore.take = take
  await a.door.revalidate() // the node has been missing among its peers for a moment
  await caller.hears('third')
  assert.equal(await caller.outcome(), 'through')
  await sim.close()
})

test('a caller whose call was taken again in the seconds that the store has lost goes on here', async () => {
  const sim = new Simulation({})
  const a = await sim.ready
  const caller = sim.call(THREE(), {})
  await caller.hears('first')
  const { journal } = [...a.door.legs.values()][0]!.steps
  journal.owner = { node: 'a', epoch: journal.owner.epoch + 1 }
  await a.door.revalidate()
  await caller.hears('third')
  assert.equal(await caller.outcome(), 'through')
  await sim.close()
})
