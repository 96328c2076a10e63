/** Attended transfer and take-over: an agent asks a colleague, and the caller waits. Whoever leaves, nobody is lost. */
import { deepEqual, equal, rejects } from 'node:assert/strict'
import { consult } from '../../../src/call/consult.ts'
import { talkOf, type Talk } from '../../../src/call/talk.ts'
import { uuidPark } from '../../../src/esl/api.ts'
import { endpoint, type Uuid } from '../../../src/esl/safe-text.ts'
import { contract } from './suite.ts'
import { talk } from './talking.ts'
import { beside, LISTENER } from './third-legs.ts'
import type { Node } from './node.ts'
import type { Person, World } from './world.ts'

interface Consultation {
  readonly node: Node
  readonly caller: Person
  readonly agent: Person
  readonly colleague: Person
  readonly result: Promise<string>
  readonly talk: Talk
}

/** The caller hears music, and the agent talks with a colleague. */
async function consultation(world: World): Promise<Consultation> {
  const node = await world.node('a')
  const { caller, agent, result } = await talk(world, node)
  await world.hear(caller, agent)
  const leg = node.door.legs.get(caller.uuid as Uuid)!
  const present = talkOf(leg)!
  const phone = world.telephone('person')
  const asked = consult(leg, present, node.context, endpoint(phone.endpoint))
  const colleague = await world.within('5s', phone.rings())
  await world.within('5s', asked, 'the agent talks with the colleague')
  await world.hears(caller, 'moh/calm')
  await world.hear(agent, colleague)
  return { node, caller, agent, colleague, result, talk: present }
}

/** The talk with this person ends, and the flow goes on with the caller. */
async function over(world: World, { caller, result }: Consultation, last: Person): Promise<void> {
  await world.hear(caller, last)
  await last.hangUp()
  await world.hears(caller, 'ivr/second')
  equal(await world.within('5s', result), 'talked')
}

const bridged = (world: World, { caller }: Consultation) =>
  world.within(
    '5s',
    world.observer.following(
      `bridges of ${caller.uuid}`,
      event => event.name === 'CHANNEL_BRIDGE' && event.uuid === caller.uuid,
    ),
  )

contract('an agent asks a colleague and completes the transfer: the caller talks with the colleague', async world => {
  const all = await consultation(world)
  await bridged(world, all)
  all.talk.endConsultation('complete')
  await bridged(world, all)
  equal(await world.within('5s', all.agent.ended), 'NORMAL_CLEARING')
  await over(world, all, all.colleague)
})

contract('an agent asks a colleague and cancels the transfer: the caller talks with the agent again', async world => {
  const all = await consultation(world)
  await bridged(world, all)
  all.talk.endConsultation('cancel')
  await bridged(world, all)
  equal(await world.within('5s', all.colleague.ended), 'NORMAL_CLEARING')
  await over(world, all, all.agent)
})

contract('a colleague who hangs up gives the caller back to the agent', async world => {
  const all = await consultation(world)
  await bridged(world, all)
  await all.colleague.hangUp()
  await bridged(world, all)
  await over(world, all, all.agent)
})

contract('an agent who hangs up during a consultation gives the caller to the colleague', async world => {
  const all = await consultation(world)
  await bridged(world, all)
  await all.agent.hangUp()
  await bridged(world, all)
  await over(world, all, all.colleague)
})

contract('a caller who hangs up during a consultation ends it', async world => {
  const { caller, agent, colleague, result } = await consultation(world)
  await caller.hangUp()
  await rejects(world.within('5s', result), { code: 'CALL_ENDED' })
  await world.within('5s', colleague.ended)
  await world.within('5s', agent.ended)
})

contract('a consultation outlives its node, and the next node knows who consults with whom', async world => {
  const { node, caller, agent, colleague } = await consultation(world)
  const other = await world.node('b')
  const flow = other.answers('welcome', async call => {
    await call.play('ivr/wrong')
    return call.leg.aside
  })
  node.kill()
  deepEqual(await world.within('5s', flow.result), { partner: agent.uuid, consulted: colleague.uuid })
  await world.hear(agent, colleague)
  await caller.hangUp()
})

contract('a supervisor who listens takes the caller over, and the agent is free', async world => {
  const node = await world.node('a')
  const { caller, agent, result } = await talk(world, node)
  const boss = await beside(world, node, 'eavesdrop', agent, LISTENER)
  await world.hear(caller, agent)
  const leg = node.door.legs.get(caller.uuid as Uuid)!
  await node.home.commands.run(uuidPark(boss.uuid as Uuid))
  const theirs = node.door.claim(boss.uuid as Uuid, node.home)
  theirs.letTalk()
  await talkOf(leg)!.goTo({ leg: theirs })
  equal(await world.within('5s', agent.ended), 'NORMAL_CLEARING')
  await world.within(
    '5s',
    world.observer.seen(event => event.name === 'CHANNEL_BRIDGE' && event.get('Bridge-B-Unique-ID') === boss.uuid),
  )
  await world.hear(caller, boss)
  await boss.hangUp()
  await world.hears(caller, 'ivr/second')
  equal(await world.within('5s', result), 'talked')
})
