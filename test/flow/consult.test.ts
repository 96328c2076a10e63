/** Attended transfer and take-over: nobody is lost in any of their states, whoever hangs up and whichever node dies. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { flow } from '#flow'
import { simulate, type Simulation } from '#testing'
import { talkCancel, talkComplete, talkConsult } from '../../src/operations/talk/consult.ts'
import talkSupervise from '../../src/operations/talk/supervise.ts'
import talkTakeOver from '../../src/operations/talk/take-over.ts'
import { asks } from './desk.ts'

const toAlice = flow(async call => {
  await call.answer()
  await using agent = await call.agent('alice')
  await using party = await call.dial(agent!)
  await call.join(party.leg!)
  await call.play('ivr/second')
  return 'over'
})

async function talk(sim: Simulation, nodes: 1 | 2 = 1) {
  if (nodes === 2) await sim.until('node b opens', sim.open('b'))
  const alice = sim.agent('alice')
  const bob = sim.agent('bob')
  await alice.ready()
  await bob.ready()
  const caller = sim.call(toAlice)
  await caller.talksWith('alice')
  await sim.advance('5s')
  return { alice, bob, caller }
}

/** Alice asks bob, and the caller waits. */
async function consults(sim: Simulation, nodes: 1 | 2 = 1) {
  const people = await talk(sim, nodes)
  await asks(sim, talkConsult, { talk: 'alice', agent: 'bob' })
  await people.alice.talksWith('bob')
  await people.caller.hears('music moh/calm')
  return people
}

const states = async ({ alice, bob }: Awaited<ReturnType<typeof talk>>) => [await alice.state(), await bob.state()]
const transfers = (sim: Simulation) => sim.records[0]!.segments.filter(({ kind }) => kind === 'transfer').length
const events = (sim: Simulation) => sim.records[0]!.timeline.map(({ event, agent }) => `${event} ${agent ?? ''}`.trim())

test('an agent asks a colleague while the caller hears music, and completes the transfer', async t => {
  const sim = simulate(t)
  const people = await consults(sim)
  assert.deepEqual(await states(people), ['talking', 'talking'])
  await asks(sim, talkComplete, { talk: 'alice' })
  await people.caller.talksWith('bob')
  assert.equal(await people.alice.ended(), 'NORMAL_CLEARING')
  assert.deepEqual(await states(people), ['wrap-up', 'talking'])
  await people.bob.hangsUp()
  await people.caller.hears('ivr/second')
  await people.bob.becomes('wrap-up')
  assert.equal(await people.caller.outcome(), 'over')
  assert.deepEqual(events(sim).slice(3), [
    'call.bridged alice',
    'call.consultation.requested bob',
    'call.party.dialled bob',
    'call.party.answered bob',
    'call.consultation.began alice',
    'call.consultation.completed alice',
    'call.unbridged alice',
    'call.bridged bob',
    'call.unbridged bob',
  ])
  assert.deepEqual(
    sim.records[0]!.segments.map(({ kind, agent, how }) => `${kind} ${agent} ${how}`),
    [
      'ring alice answered',
      'talk alice consulting',
      'ring bob answered',
      'consult alice ended',
      'transfer alice attended',
      'talk bob ended',
    ],
  )
  const told = sim.told('agent.state_changed').map(({ agent, state }) => `${agent} ${state}`)
  for (const name of ['alice', 'bob']) assert.equal(told.filter(one => one === `${name} wrap-up`).length, 1, name)
})

test('an agent cancels the transfer, and the caller talks with the agent again', async t => {
  const sim = simulate(t)
  const people = await consults(sim)
  await asks(sim, talkCancel, { talk: 'alice' })
  await people.caller.talksWith('alice')
  await people.bob.ended()
  assert.deepEqual(await states(people), ['talking', 'wrap-up'])
  await people.alice.hangsUp()
  await people.caller.hears('ivr/second')
  await people.alice.becomes('wrap-up')
})

test('a colleague hangs up, and the caller talks with the agent again', async t => {
  const sim = simulate(t)
  const people = await consults(sim)
  await people.bob.hangsUp()
  await people.caller.talksWith('alice')
  await people.bob.becomes('wrap-up')
  await people.caller.hangsUp()
  await people.alice.becomes('wrap-up')
  assert.equal(await people.caller.outcome(), 'talked')
  assert.equal(transfers(sim), 0)
})

test('an agent who hangs up during the consultation has transferred the caller', async t => {
  const sim = simulate(t)
  const people = await consults(sim)
  await people.alice.hangsUp()
  await people.caller.talksWith('bob')
  assert.deepEqual(await states(people), ['wrap-up', 'talking'])
  await people.caller.hangsUp()
  await people.bob.becomes('wrap-up')
  assert.equal(await people.caller.outcome(), 'talked')
  assert.equal(transfers(sim), 1)
})

test('a caller who hangs up during the consultation frees both agents', async t => {
  const sim = simulate(t)
  const people = await consults(sim)
  await people.caller.hangsUp()
  await people.alice.becomes('wrap-up')
  await people.bob.becomes('wrap-up')
  await people.alice.ended()
  await people.bob.ended()
  assert.equal(await people.caller.outcome(), 'talked')
})

test('a colleague who does not answer leaves the talk as it is', async t => {
  const sim = simulate(t)
  const people = await talk(sim)
  people.bob.place.behaviour = { answers: 'never' }
  await asks(sim, talkConsult, { talk: 'alice', agent: 'bob' })
  await people.bob.rings()
  await assert.rejects(asks(sim, talkComplete, { talk: 'alice' }), /nobody is consulted/)
  await people.bob.becomes('idle')
  await people.caller.talksWith('alice')
  await people.caller.doesNotHear('music moh/calm', '1s')
  await people.caller.hangsUp()
})

test('a telephone that rings for a consultation stops when the talk is over', async t => {
  const sim = simulate(t)
  const people = await talk(sim)
  people.bob.place.behaviour = { answers: 'never' }
  await asks(sim, talkConsult, { talk: 'alice', agent: 'bob' })
  await people.bob.rings()
  await people.alice.hangsUp()
  await people.caller.hears('ivr/second')
  await people.bob.ended('1s')
  await people.bob.becomes('idle')
})

test('an agent asks a number, and the caller talks with it', async t => {
  const sim = simulate(t)
  const people = await talk(sim)
  const expert = sim.switch.world.at('sofia/gateway/carrier/+4930777', { answers: '2s' })
  await asks(sim, talkConsult, { talk: 'alice', number: '+49 30 777' })
  await people.alice.talksWith('+4930777')
  await asks(sim, talkComplete, { talk: 'alice' })
  await people.caller.talksWith('+4930777')
  await people.alice.becomes('wrap-up')
  expert.last!.hangUp()
  await people.caller.hears('ivr/second')
})

test('a colleague who is not free is not asked, and nobody is asked about a call twice', async t => {
  const sim = simulate(t)
  const people = await consults(sim)
  const carol = sim.agent('carol')
  await carol.ready()
  await assert.rejects(asks(sim, talkConsult, { talk: 'alice', agent: 'carol' }), /somebody is consulted/)
  assert.equal(await carol.state(), 'idle')
  await asks(sim, talkCancel, { talk: 'alice' })
  await people.bob.becomes('wrap-up')
  await assert.rejects(
    asks(sim, talkConsult, { talk: 'alice', agent: 'bob' }),
    /agent bob takes no call now \(wrap-up\)/,
  )
  await people.caller.hangsUp()
})

for (const how of ['complete', 'cancel', 'colleague', 'agent'] as const)
  test(`the node dies during a consultation, and then: ${how}`, async t => {
    const sim = simulate(t)
    const people = await consults(sim, 2)
    sim.kill('a')
    await sim.advance('10s')
    await people.alice.talksWith('bob')
    if (how === 'complete') await asks(sim, talkComplete, { talk: 'alice' }, 'b')
    else if (how === 'cancel') await asks(sim, talkCancel, { talk: 'alice' }, 'b')
    else await people[how === 'agent' ? 'alice' : 'bob'].hangsUp()
    const [stays, leaves] =
      how === 'complete' || how === 'agent' ? (['bob', 'alice'] as const) : (['alice', 'bob'] as const)
    await people.caller.talksWith(stays)
    await people[leaves].becomes('wrap-up')
    assert.equal(await people[stays].state(), 'talking')
    await people[stays].hangsUp()
    await people.caller.hears('ivr/second')
    await people[stays].becomes('wrap-up')
    assert.equal(await people.caller.outcome(), 'over')
  })

test('the node dies after a transfer, and the colleague is free when the talk is over', async t => {
  const sim = simulate(t)
  const people = await consults(sim, 2)
  await asks(sim, talkComplete, { talk: 'alice' })
  await people.caller.talksWith('bob')
  await people.alice.becomes('wrap-up')
  sim.kill('a')
  await sim.advance('10s')
  await people.bob.hangsUp()
  await people.caller.hears('ivr/second')
  await people.bob.becomes('wrap-up')
  assert.equal(await people.caller.outcome(), 'over')
})

test('a supervisor takes the caller over, and the agent is in wrap-up', async t => {
  const sim = simulate(t)
  const boss = sim.switch.world.at('user/900', { answers: '2s' })
  const people = await talk(sim)
  await assert.rejects(asks(sim, talkTakeOver, { talk: 'alice' }), /nobody supervises/)
  await asks(sim, talkSupervise, { talk: 'alice', mode: 'listen', at: 'user/900' })
  await asks(sim, talkTakeOver, { talk: 'alice' })
  await people.caller.talksWith('900')
  await people.alice.becomes('wrap-up')
  boss.last!.hangUp()
  await people.caller.hears('ivr/second')
  assert.equal(await people.caller.outcome(), 'over')
})

for (const death of [false, true])
  test(`a colleague who is nailed up is asked at once, and stays on the line${death ? ', also when the node dies' : ''}`, async t => {
    const sim = simulate(t)
    if (death) await sim.until('node b opens', sim.open('b'))
    const [alice, bob] = [sim.agent('alice'), sim.agent('bob')]
    await alice.ready()
    await bob.ready()
    await bob.isNailedUp()
    const caller = sim.call(toAlice)
    await caller.talksWith('alice')
    await sim.advance('5s')
    await asks(sim, talkConsult, { talk: 'alice', agent: 'bob' })
    await alice.talksWith('bob')
    if (death) sim.kill('a')
    await sim.advance('5s')
    await asks(sim, talkCancel, { talk: 'alice' }, death ? 'b' : 'a')
    await caller.talksWith('alice')
    await bob.becomes('wrap-up')
    await sim.advance('5s')
    assert.deepEqual([bob.place.rang, bob.place.last!.state], [1, 'up'])
    await caller.hangsUp()
    await bob.hangsUp()
    await sim.roster.nail('bob', null, sim.clock.now())
  })

for (const how of ['complete', 'cancel', 'colleague', 'agent'] as const)
  test(`an agent who is nailed up asks a colleague, and then: ${how}`, async t => {
    const sim = simulate(t)
    const [alice, bob] = [sim.agent('alice', { queues: ['sales'] }), sim.agent('bob', { queues: ['support'] })]
    await alice.ready()
    await alice.isNailedUp()
    await bob.ready()
    const caller = sim.call(
      flow(async call => {
        await call.answer()
        await using place = await call.enqueue('sales')
        await using agent = await place.agent({ within: '1m' })
        await using party = await call.dial(agent!)
        await call.join(party.leg!)
        await call.play('ivr/second')
      }),
    )
    await caller.talksWith('alice')
    await sim.advance('5s')
    await asks(sim, talkConsult, { talk: 'alice', agent: 'bob' })
    await alice.talksWith('bob')
    await sim.advance('5s')
    if (how === 'complete') await asks(sim, talkComplete, { talk: 'alice' })
    else if (how === 'cancel') await asks(sim, talkCancel, { talk: 'alice' })
    else await (how === 'agent' ? alice : bob).hangsUp()
    const stays = how === 'complete' || how === 'agent' ? bob : alice
    await caller.talksWith(stays.name)
    await sim.advance('5s')
    await caller.hangsUp()
    await stays.becomes('wrap-up')
    assert.equal(alice.place.last!.state, how === 'agent' ? 'gone' : 'up', 'a nailed-up agent stays on the line')
    if (how !== 'agent') await alice.hangsUp()
    await sim.roster.nail('alice', null, sim.clock.now())
  })

test('the node dies after a supervisor took over, and the flow goes on when the supervisor leaves', async t => {
  const sim = simulate(t)
  const boss = sim.switch.world.at('user/900', { answers: '2s' })
  const people = await talk(sim, 2)
  await asks(sim, talkSupervise, { talk: 'alice', mode: 'listen', at: 'user/900' })
  await asks(sim, talkTakeOver, { talk: 'alice' })
  await people.caller.talksWith('900')
  await people.alice.becomes('wrap-up')
  await sim.advance('5s')
  sim.kill('a')
  await sim.advance('10s')
  boss.last!.hangUp()
  await people.caller.hears('ivr/second')
  assert.equal(await people.caller.outcome(), 'over')
  assert.equal(people.alice.place.rang, 1)
})

test('a talk whose node has died is transferred by another node, after the two were joined again', async t => {
  const sim = simulate(t)
  const people = await talk(sim, 2)
  sim.kill('a')
  await sim.advance('10s')
  await asks(sim, talkConsult, { talk: 'alice', agent: 'bob' }, 'b')
  await people.alice.talksWith('bob')
  await asks(sim, talkComplete, { talk: 'alice' }, 'b')
  await people.caller.talksWith('bob')
  await people.alice.becomes('wrap-up')
  await people.bob.hangsUp()
  await people.caller.hears('ivr/second')
  assert.equal(await people.caller.outcome(), 'over')
})
