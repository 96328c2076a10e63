/** A node that cannot renew its lease sends nothing about its calls, and the other node has them. */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { flow } from '#flow'
import { simulate, type SimulateOptions, type Simulation } from '#testing'
import type { SimulatedNode } from '../../src/testing/simulated-node.ts'

/** A node without a renewal is silent after this time, and offers its calls to the other nodes 500 ms later. */
const FENCED_MS = 3_000

async function twoNodes(t: TestContext, options: SimulateOptions = {}) {
  const sim = simulate(t, options)
  const a = await sim.until('node a opens', sim.ready)
  const b = await sim.until('node b opens', sim.open('b'))
  return { sim, a, b }
}

/** The times at which this node writes to connections of calls, on the monotonic clock. Counts from now on. */
function writesOf(sim: Simulation, node: SimulatedNode): number[] {
  const writes: number[] = []
  const accept = sim.switch.listeners.get(node.address)!
  sim.switch.listeners.set(node.address, wire => {
    const write = wire.write.bind(wire)
    wire.write = bytes => {
      writes.push(sim.clock.monotonic())
      write(bytes)
    }
    accept(wire)
  })
  return writes
}

const counts = flow(async call => {
  await call.answer()
  for (let number = 1; number <= 8; number++) await call.play(`digits/${number}`)
  return 'counted'
})

test('a caller whose node loses its lease goes on at the other node, and the first node sends nothing more', async t => {
  const { sim, a, b } = await twoNodes(t)
  const writes = writesOf(sim, a)
  const caller = sim.call(counts)
  await caller.hears('digits/1')
  const lost = sim.clock.monotonic()
  a.losesLease()
  await sim.until('the other node has the call', () => b.flows.running === 1, '4s')
  await caller.hears('digits/3')
  a.renewsLease()
  await sim.until('the first node drops the call', () => a.flows.running === 0, '2s')
  for (const number of [4, 5, 6, 7, 8]) await caller.hears(`digits/${number}`, '3s')
  assert.equal(await caller.outcome(), 'counted')
  assert.equal(sim.records.length, 1)
  assert.ok(writes.length > 0, 'it drove the call before')
  assert.deepEqual(
    writes.filter(at => at >= lost + FENCED_MS),
    [],
  )
})

test('a caller whose node is the only one is served on, with a lease or without', async t => {
  const sim = simulate(t)
  const a = await sim.until('node a opens', sim.ready)
  const caller = sim.call(counts)
  await caller.hears('digits/1')
  a.losesLease()
  for (const number of [2, 3, 4, 5, 6, 7, 8]) await caller.hears(`digits/${number}`, '3s')
  assert.equal(await caller.outcome(), 'counted')
  a.renewsLease()
})

test('a caller who comes to a node without a lease is served by the other one', async t => {
  const { sim, a, b } = await twoNodes(t)
  a.losesLease()
  await sim.advance('5s')
  const caller = sim.call(counts)
  await caller.hears('digits/1', '1s')
  assert.deepEqual([a.flows.running, b.flows.running], [0, 1])
  await caller.hangsUp()
  a.renewsLease()
})

test('a caller whose node is suspended goes on at the other node, and a node that runs again sends nothing more', async t => {
  const { sim, a, b } = await twoNodes(t, { reconciles: true }) // the other node fetches the call
  const writes = writesOf(sim, a)
  const caller = sim.call(counts)
  await caller.hears('digits/1')
  const before = writes.length
  a.suspend()
  await sim.until('the other node has the call', () => b.flows.running === 1, '12s')
  await caller.hears('digits/2')
  a.resume()
  await sim.until('the first node drops the call', () => a.flows.running === 0, '2s')
  for (const number of [3, 4, 5, 6, 7, 8]) await caller.hears(`digits/${number}`, '3s')
  assert.equal(await caller.outcome(), 'counted')
  assert.equal(sim.records.length, 1)
  assert.equal(writes.length, before)
})
