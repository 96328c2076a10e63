/**
 * A flow dials the agent whom a queue has reserved for its caller: the agent, and not a telephone that several may
 * share.
 */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { flow, InputError } from '#flow'
import { simulate } from '#testing'

/** Bert sits at alice's telephone today, and she is not there. */
async function shared(t: TestContext) {
  const sim = simulate(t, { queues: ['sales'] })
  await sim.ready
  const alice = sim.agent('alice', { queues: ['sales'] })
  const queues = [{ queue: 'sales', level: 1, position: 1 }]
  const bert = { name: 'bert', endpoint: 'user/alice', wrapUpMs: 10_000, ringForMs: 20_000, queues }
  await sim.roster.put(bert, sim.clock.now())
  await sim.roster.setStatus('bert', 'ready', sim.clock.now())
  const states = async () => (await sim.roster.list(sim.clock.now())).map(({ name, state }) => `${name} ${state}`)
  return { sim, alice, states }
}

test('of two agents who share a telephone the one who was reserved talks, and the other one is as before', async t => {
  const { sim, alice, states } = await shared(t)
  const talk = flow(async call => {
    await call.answer()
    await using place = await call.enqueue('sales')
    await using agent = await place.agent({ within: '10s' })
    assert.equal(agent?.name, 'bert')
    await using party = await call.dial(agent!)
    return party.leg ? await call.join(party.leg) : party.outcome
  })
  const caller = sim.call(talk)
  await caller.talksWith('alice') // the telephone
  assert.deepEqual(await states(), ['alice idle', 'bert talking'])
  await alice.hangsUp()
  assert.equal(await caller.outcome(), 'talked')
  assert.deepEqual(await states(), ['alice idle', 'bert wrap-up'])
})

test('a flow that dials the telephone of its reserved agent, or an agent whom it gave back, is told what to dial', async t => {
  const { sim } = await shared(t)
  const said: string[] = []
  const wrong = flow(async call => {
    await call.answer()
    await using place = await call.enqueue('sales')
    const tell = (error: unknown) => void (error instanceof InputError && said.push(error.message))
    const agent = (await place.agent({ within: '10s' }))!
    await call.dial(agent.endpoint).catch(tell)
    await agent[Symbol.asyncDispose]()
    await call.dial(agent).catch(tell)
    return 'done'
  })
  assert.equal(await sim.call(wrong).outcome(), 'done')
  assert.equal(said.length, 2)
  assert.match(said[0]!, /user\/alice is the telephone of agent bert, who is reserved for this call: dial the agent/)
  assert.match(said[1]!, /agent bert is not reserved for this call any more/)
})
