/** A caller who hangs up while the flow begins, or while it reads a variable, has hung up: nothing has failed. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { flow, text } from '#flow'
import { simulate } from '#testing'

test('a caller who hangs up while the needs of their flow are read has hung up: no error, and the flow does not run', async t => {
  const sim = simulate(t)
  let ran = false
  const caller = sim.call(
    flow({ queue: text() }, async () => void (ran = true)),
    { params: { queue: 'sales' } },
  )
  const { take } = sim.callStore
  sim.callStore.take = async (...asked) => {
    const taken = await take.apply(sim.callStore, asked)
    for (const person of sim.switch.world.people) person.hangUp()
    return taken
  }
  assert.equal(await caller.outcome(), 'hung-up')
  assert.equal(ran, false)
})

test('a flow that asks for a variable of a call that has just ended does not go on', async t => {
  const sim = simulate(t)
  let value: string | undefined = 'not asked'
  const caller = sim.call(
    flow(async call => {
      await call.answer()
      for (const person of sim.switch.world.people) person.hangUp()
      value = await call.variable('queue')
    }),
  )
  assert.equal(await caller.outcome(), 'hung-up')
  assert.equal(value, 'not asked')
})

test('a variable that is not set is undefined while the caller is there', async t => {
  const sim = simulate(t)
  let value: string | undefined = 'not asked'
  const caller = sim.call(
    flow(async call => {
      value = await call.variable('nobody_sets_this')
    }),
  )
  assert.equal(await caller.outcome(), 'done')
  assert.equal(value, undefined)
})
