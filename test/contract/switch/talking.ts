/** Two people talk: the beginning, the end from either side, and the rest of the flow after it. */
import { Call } from '../../../src/call/call.ts'
import { deepEqual, equal, ok, rejects } from 'node:assert/strict'
import * as say from '../../../src/esl/api.ts'
import { sendAway } from '../../../src/call/verbs/transfer.ts'
import { originate } from '../../../src/switch/originate.ts'
import { endpoint, newUuid, type Ident, type Uuid } from '../../../src/esl/safe-text.ts'
import { contract } from './suite.ts'
import type { Node } from './node.ts'
import type { Person, World } from './world.ts'

/** A caller and an agent who talk, and the rest of the flow: a sound, and `last`. */
export async function talk(
  world: World,
  node: Node,
  last: () => Promise<void> = async () => {},
): Promise<{ caller: Person; agent: Person; result: Promise<string> }> {
  const phone = world.telephone('person')
  const flow = node.answers('welcome', async call => {
    await call.answer()
    await using party = await call.dial(phone.endpoint)
    const end = await call.join(party.leg!)
    await call.play('ivr/second')
    await last()
    return end
  })
  const caller = await world.call()
  const agent = await world.within('5s', phone.rings())
  await world.event(caller.uuid, 'CHANNEL_BRIDGE')
  return { caller, agent, result: flow.result }
}

contract('two people hear each other, and when the agent hangs up the flow goes on with the caller', async world => {
  const node = await world.node('a')
  const { caller, agent, result } = await talk(world, node)
  await world.hear(caller, agent)
  await agent.hangUp()
  await world.hears(caller, 'ivr/second')
  equal(await world.within('5s', result), 'talked')
  equal(await world.within('5s', agent.ended), 'NORMAL_CLEARING')
})

contract('when the caller hangs up the agent is free and the flow is over', async world => {
  const node = await world.node('a')
  const { caller, agent, result } = await talk(world, node)
  await caller.hangUp()
  await rejects(world.within('5s', result), { code: 'CALL_ENDED' })
  equal(await world.within('5s', agent.ended), 'NORMAL_CLEARING')
})

contract('while two people talk no connection is open, and after it one', async world => {
  const node = await world.node('a')
  let end: () => void = () => {}
  const looked = new Promise<void>(resolve => (end = resolve))
  const { caller, agent, result } = await talk(world, node, () => looked)
  const phases = () => [...node.door.legs.values()].map(leg => leg.phase)
  const { ended } = node.door.legs.get(agent.uuid as Uuid)!
  // the node and this test have connections of their own, and FreeSWITCH serves them in no common order
  await world.within('5s', node.unconnected())
  deepEqual(phases(), ['talking', 'talking'])
  await world.hear(caller, agent)
  equal(node.connections, 0)
  await agent.hangUp()
  await world.hears(caller, 'ivr/second')
  await world.within('5s', ended, 'the node hears that the agent has hung up')
  equal(node.connections, 1)
  deepEqual(phases(), ['driven'])
  end()
  await world.within('5s', result)
  await world.event(caller.uuid, 'CHANNEL_HANGUP_COMPLETE')
})

contract('a caller talks to two agents, one after the other', async world => {
  const node = await world.node('a')
  const phones = [world.telephone('person'), world.telephone('person')]
  const flow = node.answers('welcome', async call => {
    await call.answer()
    const ends: string[] = []
    for (const phone of phones) {
      await using party = await call.dial(phone.endpoint)
      ends.push(await call.join(party.leg!))
    }
    return ends
  })
  const caller = await world.call()
  for (const phone of phones) {
    const agent = await world.within('5s', phone.rings())
    await world.within(
      '5s',
      world.observer.following('talks', event => event.name === 'CHANNEL_BRIDGE' && event.uuid === caller.uuid),
    )
    await world.hear(caller, agent)
    await agent.hangUp()
  }
  deepEqual(await world.within('5s', flow.result), ['talked', 'talked'])
})

contract('a caller on hold hears music, and both hear each other again when the hold is over', async world => {
  const node = await world.node('a')
  const phone = world.telephone('person')
  let resume: () => void = () => {}
  const resumed = new Promise<void>(resolve => (resume = resolve))
  const flow = node.answers('welcome', async call => {
    await call.answer()
    await using party = await call.dial(phone.endpoint)
    party.leg!.leg.returns = true // this agent stays on the line
    const ends = [await call.join(party.leg!)]
    {
      await using _music = await call.music('moh/calm')
      await resumed
    }
    ends.push(await call.join(party.leg!))
    return ends
  })
  const caller = await world.call()
  const agent = await world.within('5s', phone.rings())
  const bridged = () =>
    world.within(
      '5s',
      world.observer.following('talks', event => event.name === 'CHANNEL_BRIDGE' && event.uuid === caller.uuid),
    )
  await bridged()
  await world.hear(caller, agent)
  await node.home.commands.run(say.uuidTransfer((await flow.call).leg.uuid, 'welcome' as Ident))
  await world.hears(caller, 'moh/calm')
  ok(await world.exists(agent.uuid), 'the agent is still on the line')
  resume()
  await bridged()
  await world.hear(caller, agent)
  await caller.hangUp()
  await rejects(world.within('5s', flow.result), { code: 'CALL_ENDED' })
})

contract('an agent who stays on the line talks to one caller after the other', async world => {
  const node = await world.node('a')
  const phone = world.telephone('person')
  const uuid = newUuid()
  using expected = node.door.expect(uuid)
  void originate(node.home, {
    uuid,
    endpoint: endpoint(phone.endpoint),
    flow: 'leg' as Ident,
    ringForMs: 5_000,
    arrived: expected.arrived,
    clock: world.clock,
    log: node.context.log,
  })
  const agent = await world.within('5s', phone.rings())
  const leg = await world.within('5s', expected.arrived)
  leg.returns = true
  const desk = new Call(leg, node.context)
  node.answers('welcome', async call => {
    await call.answer()
    await call.join(desk)
  })
  for (let turn = 0; turn < 2; turn++) {
    const caller = await world.call()
    await world.event(caller.uuid, 'CHANNEL_BRIDGE')
    await world.hear(caller, agent)
    await caller.hangUp()
    await world.within('5s', leg.driven(), 'the agent is back at the door')
  }
  await desk.play('ivr/wrong')
  await agent.hangUp()
  await world.within('5s', leg.ended)
})

contract('a call is given to an extension of the dialplan, and no node can take it away again', async world => {
  const node = await world.node('a')
  const flow = node.answers('welcome', async call => {
    await call.answer()
    await call.transfer('7000', 'elsewhere')
    await call.play('ivr/wrong')
  })
  const caller = await world.call()
  await rejects(world.within('5s', flow.result), { code: 'CALL_ENDED', hangupCause: 'TRANSFERRED' })
  await reachesElsewhere(world, caller)
  node.kill()
  await world.pause('500ms')
  ok(await world.exists(caller.uuid))
  equal(
    world.observer.heard.filter(
      ({ event }) =>
        event.uuid === caller.uuid && event.name === 'CHANNEL_EXECUTE' && event.get('Application') === 'socket',
    ).length,
    1,
  )
})

contract('a flow hangs up with a cause', async world => {
  const node = await world.node('a')
  node.answers('welcome', call => call.hangup('USER_BUSY'))
  const caller = await world.call()
  equal(await world.within('5s', caller.ended), 'USER_BUSY')
})

contract(
  'a supervisor sends a caller who hears music to an extension, and no node gets the caller back',
  async world => {
    const node = await world.node('a')
    const flow = node.answers('welcome', async call => {
      await call.answer()
      await using _music = await call.music('moh/calm')
      await new Promise((_, reject) => call.signal.addEventListener('abort', () => reject(call.signal.reason as Error)))
    })
    const caller = await world.call()
    await world.hears(caller, 'moh/calm')
    await sentAway(world, node, caller, flow)
  },
)

contract(
  'a supervisor sends a caller who talks to an extension: the agent is free, the caller stays there',
  async world => {
    const node = await world.node('a')
    const phone = world.telephone('person')
    const flow = node.answers('welcome', async call => {
      await call.answer()
      await using party = await call.dial(phone.endpoint)
      await call.join(party.leg!)
    })
    const caller = await world.call()
    const agent = await world.within('5s', phone.rings())
    await world.event(caller.uuid, 'CHANNEL_BRIDGE')
    await world.hear(caller, agent)
    await sentAway(world, node, caller, flow)
    equal(await world.within('5s', agent.ended), 'NORMAL_CLEARING')
  },
)

/** Sends the caller to an extension that Switchhook does not drive: the flow is over, and the caller stays there. */
async function sentAway(
  world: World,
  node: Node,
  caller: Person,
  flow: { readonly call: Promise<Call>; readonly result: Promise<unknown> },
): Promise<void> {
  await sendAway((await flow.call).leg, '7000', 'elsewhere')
  await rejects(world.within('5s', flow.result), { code: 'CALL_ENDED', hangupCause: 'TRANSFERRED' })
  await reachesElsewhere(world, caller)
  await world.pause('500ms')
  ok(await world.exists(caller.uuid))
  equal(node.connections, 0)
}

/** The caller is at the extension 7000 of the context elsewhere. */
const reachesElsewhere = (world: World, caller: Person) =>
  world.within(
    '5s',
    world.observer.seen(
      event =>
        event.name === 'CHANNEL_EXECUTE' &&
        event.uuid === caller.uuid &&
        event.get('Application-Data') === 'silence_stream://120000',
    ),
  )
