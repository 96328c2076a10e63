/** Several telephones ring at once: the first who accepts talks, and the others stop. */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { flow, silence } from '#flow'
import { Call } from '../../src/call/call.ts'
import { DialFirst } from '../../src/call/verbs/dial-first.ts'
import { simulate, type Simulation } from '#testing'

const talkWithAgent = flow(async call => {
  await call.answer()
  await using place = await call.enqueue('sales')
  await using agent = await place.agent({ within: '60s' })
  await using party = await call.dial(agent!)
  return party.leg ? await call.join(party.leg) : party.outcome
})

const accepted = flow(async call => {
  await call.answer()
  await using party = await call.dial(['user/1001', 'user/1002', '+4930555'], {
    ringFor: '20s',
    before: async leg => (await leg.menu('whisper/press-1', { 1: 'yes' }, { tries: 1, timeout: '4s' })) === 'yes',
  })
  return party.leg ? await call.join(party.leg) : party.outcome
})

async function atTwoTelephones(t: TestContext) {
  const sim = simulate(t, { queues: ['sales'] })
  await sim.ready
  const agent = await aliceOn(sim)
  return { sim, ...agent }
}

/** Alice has a telephone on the desk and one in the pocket. */
async function aliceOn(sim: Simulation, endpoint = 'user/desk,user/pocket') {
  const desk = sim.switch.world.at('user/desk', { answers: 'never' })
  const pocket = sim.switch.world.at('user/pocket', { answers: 'never' })
  const queues = [{ queue: 'sales', level: 1, position: 1 }]
  const alice = { name: 'alice', endpoint, wrapUpMs: 5_000, ringForMs: 20_000, queues }
  await sim.roster.put(alice, sim.clock.now())
  await sim.roster.setStatus('alice', 'ready', sim.clock.now())
  const now = async () => (await sim.roster.get('alice', sim.clock.now()))!
  return { desk, pocket, now }
}

test('an agent with two telephones talks on the one that is answered first, and the other one stops', async t => {
  const { sim, desk, pocket, now } = await atTwoTelephones(t)
  pocket.behaviour = { answers: '3s' }
  const caller = sim.call(talkWithAgent)
  await caller.talksWith('pocket')
  assert.equal(desk.rang, 1)
  assert.equal(desk.last!.cause, 'LOSE_RACE')
  assert.equal((await now()).state, 'talking')
  pocket.last!.hangUp()
  assert.equal(await caller.outcome(), 'talked')
  const { state, noAnswers } = await now()
  assert.deepEqual({ state, noAnswers }, { state: 'wrap-up', noAnswers: 0 })
  assert.deepEqual(sim.told('agent.missed_call'), [])
})

test('an agent who answers none of two telephones has missed one call, not two', async t => {
  const { sim, desk, pocket, now } = await atTwoTelephones(t)
  const caller = sim.call(talkWithAgent)
  assert.equal(await caller.outcome(), 'no-answer')
  assert.deepEqual([desk.rang, pocket.rang], [1, 1])
  const { state, noAnswers } = await now()
  assert.deepEqual({ state, noAnswers }, { state: 'idle', noAnswers: 1 })
  assert.equal(sim.told('agent.missed_call').length, 1)
})

test('an agent who declines at one telephone and leaves the other one unanswered has declined', async t => {
  const { sim, desk, pocket, now } = await atTwoTelephones(t)
  desk.behaviour = { answers: 'declined' }
  const caller = sim.call(talkWithAgent)
  assert.equal(await caller.outcome(), 'declined')
  assert.deepEqual([desk.rang, pocket.rang], [1, 1])
  const { noAnswers, restUntil } = await now()
  assert.equal(noAnswers, 0)
  assert.ok(restUntil > sim.clock.now(), 'the agent rests')
  assert.deepEqual(
    sim.told('agent.missed_call').map(({ why }) => why),
    ['declined'],
  )
})

test('an agent whose first telephone is unknown talks on the second', async t => {
  const { sim, pocket, now } = await atTwoTelephones(t)
  const known = await now()
  await sim.roster.put({ ...known, endpoint: 'user/nobody,user/pocket' }, sim.clock.now())
  pocket.behaviour = { answers: '3s' }
  const caller = sim.call(talkWithAgent)
  await caller.talksWith('pocket')
  pocket.last!.hangUp()
  assert.equal(await caller.outcome(), 'talked')
})

test('a caller who hangs up while two telephones of an agent ring stops both, and the agent is free', async t => {
  const { sim, desk, pocket, now } = await atTwoTelephones(t)
  const caller = sim.call(talkWithAgent)
  await sim.until('both ring', () => desk.rang === 1 && pocket.rang === 1)
  await caller.hangsUp()
  await caller.ended()
  await sim.advance('1s')
  assert.deepEqual([desk.last!.state, pocket.last!.state], ['gone', 'gone'])
  assert.equal((await now()).state, 'idle')
})

test('of three people who are called at once the first who accepts talks, not the first who answers', async t => {
  const sim = simulate(t, { queues: [] })
  const first = sim.switch.world.at('user/1001', { answers: '2s' })
  const second = sim.switch.world.at('user/1002', { answers: '3s' })
  const third = sim.switch.world.at('sofia/gateway/carrier/+4930555', { answers: '10s' })
  const caller = sim.call(accepted)
  await sim.until('the second is asked', () => second.last?.heard.some(({ what }) => what === 'whisper/press-1'))
  second.last!.press('1')
  await caller.talksWith('1002')
  assert.deepEqual([first.last!.state, third.last!.state], ['gone', 'gone'])
  assert.equal(third.last!.cause, 'LOSE_RACE')
  second.last!.hangUp()
  assert.equal(await caller.outcome(), 'talked')
})

test('two people who accept in the same moment: one talks, and the other one is hung up', async t => {
  const sim = simulate(t, { queues: [] })
  const people = ['user/1001', 'user/1002'].map(name => sim.switch.world.at(name, { answers: '2s' }))
  sim.switch.world.at('sofia/gateway/carrier/+4930555', { answers: 'busy' })
  const caller = sim.call(accepted)
  await sim.until('both are asked', () => people.every(({ last }) => (last?.heard.length ?? 0) > 0))
  for (const { last } of people) last!.press('1')
  await sim.until('one talks', () => people.some(({ last }) => last!.talksWith?.name === 'caller'))
  await sim.advance('1s')
  const talks = people.filter(({ last }) => last!.state === 'up')
  assert.equal(talks.length, 1)
  talks[0]!.last!.hangUp()
  assert.equal(await caller.outcome(), 'talked')
})

/** A second telephone rings when the first one was silent for 5 s. */
const oneMore = flow(async call => {
  await call.answer()
  const ringing = new DialFirst(call.leg, call.context, leg => new Call(leg, call.context))
  void ringing.add('user/1001')
  await call.play(silence('5s'))
  void ringing.add('user/1002')
  await using party = await ringing.first()
  return party.leg ? await call.join(party.leg) : party.outcome
})

test('a telephone that rings later rings beside the first, and either may win', async t => {
  const sim = simulate(t, { queues: [] })
  const first = sim.switch.world.at('user/1001', { answers: '7s' })
  const second = sim.switch.world.at('user/1002', { answers: 'never' })
  const caller = sim.call(oneMore)
  await caller.talksWith('1001')
  assert.equal(second.last!.cause, 'LOSE_RACE')
  first.last!.hangUp()
  assert.equal(await caller.outcome(), 'talked')

  first.behaviour = { answers: '3s' }
  const next = sim.call(oneMore)
  await next.talksWith('1001')
  assert.equal(second.rang, 1, 'the second does not ring when the first has answered')
  first.last!.hangUp()
  assert.equal(await next.outcome(), 'talked')
})

test('a telephone is added while another rings, wherever the node dies', async t => {
  const places = await simulate(t, { queues: [] }).takeoverEverywhere(
    oneMore,
    async (caller, sim) => {
      await caller.talksWith('1002')
      sim.switch.world.find('user/1002')!.last!.hangUp()
      assert.equal(await caller.outcome(), 'talked')
    },
    {
      before: async sim => {
        sim.switch.world.at('user/1001', { answers: 'never' })
        sim.switch.world.at('user/1002', { answers: '3s' })
      },
    },
  )
  assert.ok(places >= 10, `${places} places`)
})

test('an agent of two telephones talks, wherever the node dies', async t => {
  const places = await simulate(t, { queues: ['sales'] }).takeoverEverywhere(
    talkWithAgent,
    async (caller, sim) => {
      await caller.talksWith('pocket')
      sim.switch.world.at('user/pocket', { answers: 'never' }).last!.hangUp()
      assert.equal(await caller.outcome(), 'talked')
    },
    {
      before: async sim => {
        // in this order: a takeover tells of the telephone that was answered before it tells of the one that stopped
        const { pocket } = await aliceOn(sim, 'user/pocket,user/desk')
        pocket.behaviour = { answers: '3s' }
      },
    },
  )
  assert.ok(places >= 10, `${places} places`)
})

test('of three people who are called at once one talks, wherever the node dies', async t => {
  const places = await simulate(t, { queues: [] }).takeoverEverywhere(
    accepted,
    async (caller, sim) => {
      await caller.talksWith('1002')
      sim.switch.world.find('user/1002')!.last!.hangUp()
      assert.equal(await caller.outcome(), 'talked')
    },
    {
      before: async sim => {
        sim.switch.world.at('user/1001', { answers: 'never' })
        sim.switch.world.at('user/1002', {
          answers: '3s',
          rings: person => void person.on('heard', sound => sound === 'whisper/press-1' && person.press('1')),
        })
        sim.switch.world.at('sofia/gateway/carrier/+4930555', { answers: 'busy' })
      },
    },
  )
  assert.ok(places >= 10, `${places} places`)
})
