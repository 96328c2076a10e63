/**
 * Nailed-up agents who are asked before the talk: their parked leg comes to the node of the caller, hears a sound and
 * accepts with a key. And those who were in a conference. Whatever happens, FreeSWITCH parks them again.
 */
import { equal, ok, rejects } from 'node:assert/strict'
import { Call } from '../../../src/call/call.ts'
import { confer, membersOf } from '../../../src/call/conference.ts'
import type { DialReservation } from '../../../src/call/dial-reservation.ts'
import type { Leg } from '../../../src/call/leg.ts'
import { dial } from '../../../src/call/verbs/dial.ts'
import * as say from '../../../src/esl/api.ts'
import type { Uuid } from '../../../src/esl/safe-text.ts'
import type { Node } from './node.ts'
import { agent, leadsTalkTo, parked, talk } from './parked.ts'
import { contract } from './suite.ts'

/** The flow of every caller of this node: the agent on the line is asked to accept with key 1, then the two talk. */
const callersAsk = (node: Node, uuid: Uuid) =>
  node.answers('welcome', async call => {
    await call.answer()
    const { leg, context } = call
    const reservation: DialReservation = {
      name: 'alice',
      ringForMs: 5_000,
      autoAnswer: false,
      alertInfo: '',
      nailedLeg: uuid,
      legReturnsTo: null,
      ringing: () => Promise.resolve(true),
      talking: () => Promise.resolve(true),
      untilAway: () => ({ signal: new AbortController().signal, [Symbol.dispose]() {} }),
      finished: () => Promise.resolve(),
    }
    const callOf = (other: Leg) => new Call(other, context)
    const before = async (other: Call) =>
      (await other.menu('ivr/welcome', { 1: 'accept' }, { tries: 1, timeout: '1s' })) === 'accept'
    await using party = await dial(leg, context, 'user/alice', callOf, { before }, reservation)
    if (!party.leg) await call.play('ivr/second')
    return party.leg ? await call.join(party.leg) : party.outcome
  })

contract(
  'an agent on the line hears a sound, accepts with a key, talks, and waits again without any connection',
  async world => {
    const node = await world.node('a')
    const { uuid, person } = await agent(world, node)
    for (let turn = 0; turn < 2; turn++) {
      callersAsk(node, uuid)
      const caller = await world.call()
      await world.hears(person, 'ivr/welcome')
      await person.press('1')
      await talk(world, caller)
      await world.hear(caller, person)
      await caller.hangUp()
      await parked(world, uuid)
      await node.unconnected()
    }
    ok(await world.exists(uuid))
  },
)

contract('an agent on the line who presses no key is parked, and talks to the next', async world => {
  const node = await world.node('a')
  const { uuid, person } = await agent(world, node)
  const flow = callersAsk(node, uuid)
  const caller = await world.call()
  await world.hears(person, 'ivr/welcome')
  await parked(world, uuid)
  equal(await world.within('5s', flow.result), 'declined')
  leadsTalkTo(world, node, uuid)
  const next = await world.call()
  await talk(world, next)
  await world.hear(next, person)
  await caller.hangUp()
})

contract(
  'the caller leaves while an agent on the line hears a sound: the agent is parked, and talks to the next',
  async world => {
    const node = await world.node('a')
    const { uuid, person } = await agent(world, node)
    const flow = callersAsk(node, uuid)
    const caller = await world.call()
    await world.hears(person, 'ivr/welcome')
    await caller.hangUp()
    await parked(world, uuid)
    await rejects(world.within('5s', flow.result), { code: 'CALL_ENDED' })
    leadsTalkTo(world, node, uuid)
    const next = await world.call()
    await talk(world, next)
    await world.hear(next, person)
  },
)

contract(
  'the node dies while an agent on the line hears a sound: another node parks the agent, who talks to the next',
  async world => {
    const a = await world.node('a')
    const b = await world.node('b')
    const { uuid, person } = await agent(world, a)
    callersAsk(a, uuid)
    leadsTalkTo(world, b, uuid)
    const caller = await world.call()
    await world.hears(person, 'ivr/welcome')
    await caller.hangUp()
    a.kill()
    await parked(world, uuid)
    await world.pause('300ms')
    const next = await world.call()
    await talk(world, next)
    await world.hear(next, person)
  },
)

contract('an agent on the line who was in a conference is parked after it, and talks to the next', async world => {
  const node = await world.node('a')
  const { uuid, person } = await agent(world, node)
  leadsTalkTo(world, node, uuid)
  for (const first of ['lead', 'third'] as const) {
    const third = await agent(world, node)
    const lead = await world.call()
    await talk(world, lead)
    await world.hear(lead, person)
    const call = lead.uuid as Uuid
    await confer(node.home, call)
    const isIn = async (...legs: readonly Uuid[]) => {
      const members = await membersOf(node.home, call)
      return legs.every(leg => members.includes(leg))
    }
    await world.until('5s', () => isIn(call, uuid))
    await node.home.commands.run(say.uuidEnter(third.uuid, call))
    await world.until('5s', () => isIn(call, uuid, third.uuid))
    const leaves = [lead, third.person]
    for (const one of first === 'lead' ? leaves : leaves.toReversed()) await one.hangUp()
    await parked(world, uuid)
  }
  const next = await world.call()
  await talk(world, next)
  await world.hear(next, person)
})
