/** A talk becomes a conference: more people come and go, and the caller comes back when nobody else is left. */
import { equal, ok } from 'node:assert/strict'
import * as build from '../../../src/esl/api.ts'
import { endpoint, newUuid, type Uuid } from '../../../src/esl/safe-text.ts'
import { confer, membersOf } from '../../../src/call/conference.ts'
import { originate } from '../../../src/switch/originate.ts'
import { contract } from './suite.ts'
import type { Node } from './node.ts'
import { talk } from './talking.ts'
import type { Person, World } from './world.ts'

/** One more person has answered, and is parked. */
async function invited(world: World, node: Node): Promise<Person> {
  const phone = world.telephone('person')
  const placed = originate(node.home, {
    uuid: newUuid(),
    endpoint: endpoint(phone.endpoint),
    flow: null,
    ringForMs: 5_000,
    clock: world.clock,
    log: node.context.log,
  })
  const person = await world.within('5s', phone.rings())
  equal((await world.within('5s', placed)).outcome, 'answered')
  return person
}

const enters = (node: Node, caller: Person, person: Person) =>
  node.home.commands.run(build.uuidEnter(person.uuid as Uuid, caller.uuid as Uuid))

const isIn = async (node: Node, caller: Person, ...people: readonly Person[]) => {
  const members = await membersOf(node.home, caller.uuid as Uuid)
  return members.length === people.length + 1 && people.every(one => members.includes(one.uuid as Uuid))
}

async function conference(world: World, last?: () => Promise<void>) {
  const node = await world.node('a')
  const talking = await talk(world, node, last)
  const { caller, agent } = talking
  const third = await invited(world, node)
  await confer(node.home, caller.uuid as Uuid)
  await world.until('5s', () => isIn(node, caller, agent))
  await enters(node, caller, third)
  await world.until('5s', () => isIn(node, caller, agent, third))
  return { ...talking, node, third }
}

contract('four people talk in a conference, and two of them leave it one after the other', async world => {
  const { caller, agent, third, node } = await conference(world)
  const fourth = await invited(world, node)
  await enters(node, caller, fourth)
  await world.until('5s', () => isIn(node, caller, agent, third, fourth))
  await third.hangUp()
  await world.until('5s', () => isIn(node, caller, agent, fourth))
  await agent.hangUp()
  await world.until('5s', () => isIn(node, caller, fourth))
  await fourth.hangUp()
  await world.hears(caller, 'ivr/second')
})

contract('the caller who is left alone in a conference comes back to the flow', async world => {
  const { caller, agent, third, result } = await conference(world)
  await agent.hangUp()
  await third.hangUp()
  await world.hears(caller, 'ivr/second')
  equal(await world.within('5s', result), 'talked')
})

contract('when the caller and one more leave a conference, nobody stays in it alone', async world => {
  const { caller, agent, third } = await conference(world)
  await caller.hangUp()
  await third.hangUp()
  equal(await world.within('5s', agent.ended), 'NORMAL_CLEARING')
})

contract('a conference that is ended by a command gives the caller back, and the others are hung up', async world => {
  const { caller, agent, third, node, result } = await conference(world)
  await node.home.commands.run(build.conferenceEnd(caller.uuid as Uuid))
  await world.hears(caller, 'ivr/second')
  equal(await world.within('5s', result), 'talked')
  for (const one of [agent, third]) equal(await world.within('5s', one.ended), 'NORMAL_CLEARING')
  equal((await membersOf(node.home, caller.uuid as Uuid)).length, 0)
})

contract('a conference outlives its node, and then the caller reaches the other one', async world => {
  const { caller, agent, third, node } = await conference(world)
  node.kill()
  await world.pause('500ms')
  const other = await world.node('b')
  const back = other.answers('welcome', async call => {
    await call.play('ivr/wrong')
    return call.leg.conferred
  })
  ok(await isIn(other, caller, agent, third), 'all are in the conference')
  await third.hangUp()
  await agent.hangUp()
  await world.hears(caller, 'ivr/wrong')
  equal(await world.within('5s', back.result), true)
})

contract('a talk whose agent has just left does not become a conference, and the caller is back', async world => {
  const node = await world.node('a')
  const { caller, agent, result } = await talk(world, node)
  await agent.hangUp()
  await world.hears(caller, 'ivr/second')
  equal(await confer(node.home, caller.uuid as Uuid), false)
  equal(await world.within('5s', result), 'talked')
})
