import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Floor } from './floor.ts'

const NAMES = ['anna', 'bert', 'carl', 'dora', 'emil']

test('every agent gets about the same number of callers', async () => {
  const floor = await Floor.open('random')
  await floor.agents(...NAMES)
  const served = new Map(NAMES.map(name => [name, 0]))
  const CALLS = 2_000
  for (let call = 0; call < CALLS; call++) {
    const name = (await floor.talks(`0c0f0a52-7f31-4c3e-9a55-${call}`))!
    served.set(name, served.get(name)! + 1)
  }
  const fair = CALLS / NAMES.length
  for (const [name, calls] of served)
    assert.ok(Math.abs(calls - fair) < fair / 4, `${name} had ${calls} of ${CALLS} calls`)
})

test('all nodes draw the same agent for a caller, and another order after a refused call', async () => {
  const floor = await Floor.open('random')
  await floor.agents(...NAMES)
  const orders = new Set<string>()
  await floor.enters('c1')
  for (let offer = 0; offer < 4; offer++) {
    const [one, other] = [await floor.match(), await floor.match()]
    assert.deepEqual(one, other)
    const { candidates } = one.assignments[0]!.record
    orders.add(candidates.map(({ agent }) => agent).join())
    await floor.isRefused('c1', 'caller-left')
  }
  assert.ok(orders.size > 1, 'always the same order')
})

test('chance does not pass over the first level', async () => {
  const floor = await Floor.open('random')
  await floor.agent('anna')
  for (const name of ['bert', 'carl', 'dora']) await floor.agent(name, { level: 2 })
  for (let call = 0; call < 20; call++) assert.equal(await floor.talks(`c${call}`), 'anna')
})
