/** A caller who hangs up while the flow begins, or while it reads a variable, has hung up: nothing has failed. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { flow, text } from '#flow'
import { simulate } from '#testing'
import { sleep } from '../../src/base/clock.ts'
import { Conversation } from '../../src/call/conversation.ts'

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

for (const lateMs of [0, 30, 900])
  for (const during of ['the greeting', 'the question who has the call'] as const)
    test(`a caller who hangs up on the way back from a talk, during ${during}, had one call, also when the answer comes ${lateMs} ms later`, async t => {
      const sim = simulate(t)
      sim.switch.world.at('user/900', { answers: '200ms', talksFor: '2s' })
      const caller = sim.call(
        flow(async call => {
          await call.answer()
          await using party = await call.dial('user/900')
          if (party.leg) await call.join(party.leg)
          await call.play('goodbye')
        }),
      )
      await caller.talksWith('900')
      let back = 0
      const hangsUp = async () => {
        back++
        await caller.hangsUp()
        await sim.clock.settle()
        await sleep(sim.clock, lateMs)
      }
      if (during === 'the greeting') {
        const { greet } = Conversation.prototype
        t.mock.method(Conversation.prototype, 'greet', async function (this: Conversation) {
          const data = await greet.call(this)
          await hangsUp()
          return data
        })
      } else {
        const { take } = sim.callStore
        sim.callStore.take = async (...asked) => {
          await hangsUp()
          return take.apply(sim.callStore, asked)
        }
      }
      await sim.until('the caller comes back', () => back === 1)
      await sim.advance(`${lateMs + 1_000}ms`)
      const node = await sim.ready
      assert.deepEqual([...node.door.legs.keys()], [], 'no leg is left')
      assert.equal(node.flows.running, 0)
      assert.equal((await sim.callStore.all()).size, 0, 'no journal is left')
      assert.deepEqual(
        sim.records.map(record => record.timeline.filter(({ event }) => event === 'call.bridged').length),
        [1],
        'one record, with the talk',
      )
    })
