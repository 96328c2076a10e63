/**
 * Nailed-up agents. Their leg waits parked on FreeSWITCH, without any connection: any node joins it by its uuid,
 * FreeSWITCH parks it again after the talk, and no death of a process changes it.
 */
import { deepEqual, equal, ok, rejects } from 'node:assert/strict'
import { Call } from '../../../src/call/call.ts'
import { originate, type Origination } from '../../../src/switch/originate.ts'
import { parkedLeg } from '../../../src/call/parked-leg.ts'
import type { TalkEnd } from '../../../src/call/verbs/join.ts'
import * as say from '../../../src/esl/api.ts'
import { endpoint, newUuid, type AppArgument, type Ident, type Uuid } from '../../../src/esl/safe-text.ts'
import type { Kind } from './freeswitch-config.ts'
import type { Node } from './node.ts'
import { contract } from './suite.ts'
import type { Person, World } from './world.ts'

interface OnTheLine {
  readonly uuid: Uuid
  readonly person: Person
}

function called(
  world: World,
  node: Node,
  to: string,
  ringForMs = 5_000,
): { uuid: Uuid; outcome: Promise<Origination> } {
  const uuid = newUuid()
  return {
    uuid,
    outcome: originate(node.home, {
      uuid,
      endpoint: endpoint(to),
      flow: null,
      ringForMs,
      clock: world.clock,
      log: node.context.log,
    }),
  }
}

export async function agent(world: World, node: Node): Promise<OnTheLine> {
  const phone = world.telephone('person')
  const { uuid, outcome } = called(world, node, phone.endpoint)
  const person = await world.within('5s', phone.rings())
  deepEqual(await world.within('5s', outcome), { outcome: 'answered', cause: 'SUCCESS' })
  await parked(world, uuid)
  return { uuid, person }
}

/** The next time after the last one that was awaited. */
export const parked = (world: World, uuid: Uuid) =>
  world.within(
    '3s',
    world.observer.following(`${uuid} parks`, event => event.name === 'CHANNEL_PARK' && event.uuid === uuid),
    'the agent is parked',
  )
/** Neither in a talk, nor stuck between two states of a talk that never began (CS_RESET, CS_SOFT_EXECUTE). */
async function waits(world: World, uuid: Uuid): Promise<void> {
  const state = async () => /^Channel-State: (\w+)/m.exec(await world.observer.api(`uuid_dump ${uuid}`))?.[1] ?? 'gone'
  for (let tries = 0; tries < 20; tries++) {
    if (['CS_EXECUTE', 'CS_PARK'].includes(await state())) return
    await world.pause('50ms')
  }
  equal(await state(), 'CS_PARK')
}

export const talk = (world: World, person: Person) =>
  world.within(
    '5s',
    world.observer.following(
      `${person.uuid} talks`,
      event => event.name === 'CHANNEL_BRIDGE' && event.uuid === person.uuid,
    ),
    'they talk',
  )

export async function join(
  world: World,
  node: Node,
  call: Call,
  uuid: Uuid,
  whisper: AppArgument | null = null,
): Promise<TalkEnd> {
  const leg = parkedLeg(uuid, node.home, { clock: world.clock, log: node.context.log })
  leg.whisper = whisper
  try {
    return await call.join(new Call(leg, node.context))
  } finally {
    leg.giveAway('taken')
  }
}

/** The flow of every lead of this node: it talks with the agent, and then receives how the talk ended. */
export const leadsTalkTo = (world: World, node: Node, uuid: Uuid) =>
  node.answers('welcome', async call => {
    await call.answer()
    const end = await join(world, node, call, uuid)
    await call.play('ivr/second')
    return end
  })

contract(
  'an agent waits at the switch without any connection, talks with a lead, and waits again when the lead hangs up',
  async world => {
    const node = await world.node('a')
    const { uuid, person } = await agent(world, node)
    equal(node.connections, 0)
    const flow = leadsTalkTo(world, node, uuid)
    const lead = await world.call()
    await talk(world, lead)
    await world.hear(lead, person)
    await lead.hangUp()
    await rejects(world.within('5s', flow.result), { code: 'CALL_ENDED' })
    await parked(world, uuid)
    ok(await world.exists(uuid))
  },
)

contract('when the agent hangs up the flow goes on with the lead', async world => {
  const node = await world.node('a')
  const { uuid, person } = await agent(world, node)
  const flow = leadsTalkTo(world, node, uuid)
  const lead = await world.call()
  await talk(world, lead)
  await person.hangUp()
  await world.hears(lead, 'ivr/second')
  equal(await world.within('5s', flow.result), 'talked')
})

contract('an agent who is gone before the join has left, and the flow goes on with the lead', async world => {
  const node = await world.node('a')
  const { uuid, person } = await agent(world, node)
  await person.hangUp()
  await world.event(uuid, 'CHANNEL_HANGUP_COMPLETE')
  const flow = leadsTalkTo(world, node, uuid)
  const lead = await world.call()
  await world.hears(lead, 'ivr/second')
  equal(await world.within('5s', flow.result), 'left')
})

contract('an agent talks to one lead after the other, and their leg does not grow with every talk', async world => {
  const node = await world.node('a')
  const { uuid, person } = await agent(world, node)
  leadsTalkTo(world, node, uuid)
  for (let turn = 0; turn < 3; turn++) {
    const lead = await world.call()
    await talk(world, lead)
    await world.hear(lead, person)
    await lead.hangUp()
    await parked(world, uuid)
    equal((await world.observer.api(`uuid_getvar ${uuid} transfer_history`)).split('uuid_br').length - 1, 1)
  }
})

contract(
  'an agent survives the death of every node, in a talk and after it, and the next node joins them',
  async world => {
    const a = await world.node('a')
    const { uuid, person } = await agent(world, a)
    leadsTalkTo(world, a, uuid)
    const first = await world.call()
    await talk(world, first)
    a.kill()
    await world.pause('300ms')
    await world.hear(first, person)
    await first.hangUp()
    await parked(world, uuid)
    await world.pause('300ms')
    const b = await world.node('b')
    leadsTalkTo(world, b, uuid)
    const second = await world.call()
    await talk(world, second)
    await world.hear(second, person)
  },
)

contract('a lead who is sent elsewhere during the talk leaves the agent waiting for the next', async world => {
  const node = await world.node('a')
  const { uuid, person } = await agent(world, node)
  leadsTalkTo(world, node, uuid)
  const lead = await world.call()
  await talk(world, lead)
  // FreeSWITCH 1.10.12 hangs the parked leg up (DESTINATION_OUT_OF_ORDER) when its partner is transferred within 100 ms
  // after CHANNEL_BRIDGE (2 of 9 measured)
  await world.hear(lead, person)
  await node.home.commands.run(say.uuidTransferTo(lead.uuid as Uuid, '7000' as Ident, 'elsewhere' as Ident))
  await parked(world, uuid)
  await world.pause('4s') // by default FreeSWITCH hangs up the remaining leg after 3 s (park_timeout=3)
  const next = await world.call()
  await talk(world, next)
  await world.hear(next, person)
})

contract('whoever is parked may be parked again, and talks as before', async world => {
  const node = await world.node('a')
  const { uuid, person } = await agent(world, node)
  for (let turn = 0; turn < 2; turn++) {
    await node.home.commands.run(say.uuidPark(uuid))
    await parked(world, uuid)
  }
  leadsTalkTo(world, node, uuid)
  const lead = await world.call()
  await talk(world, lead)
  await world.hear(lead, person)
})

contract('an agent who is to go after the talk goes', async world => {
  const node = await world.node('a')
  const { uuid, person } = await agent(world, node)
  leadsTalkTo(world, node, uuid)
  const lead = await world.call()
  await talk(world, lead)
  await node.home.commands.run(say.uuidUnset(uuid, 'park_after_bridge' as Ident))
  await lead.hangUp()
  await world.within('3s', person.ended)
})

const FAILURES: Readonly<Record<string, readonly [Kind, Origination['outcome']]>> = {
  'is busy': ['busy', 'busy'],
  declines: ['declines', 'declined'],
  'does not answer': ['never', 'no-answer'],
}
for (const [what, [kind, expected]] of Object.entries(FAILURES)) {
  contract(`an agent who ${what} is not on the line`, async world => {
    const node = await world.node('a')
    const { uuid, outcome } = called(world, node, world.telephone(kind).endpoint, 1_000)
    equal((await world.within('5s', outcome)).outcome, expected)
    await world.event(uuid, 'CHANNEL_DESTROY')
  })
}

contract('an agent whose phone plays before it is answered is on the line when it is', async world => {
  const node = await world.node('a')
  const { uuid, outcome } = called(world, node, world.telephone('early').endpoint)
  equal((await world.within('8s', outcome)).outcome, 'answered')
  await parked(world, uuid)
  deepEqual(
    world.observer.namesOf(uuid).filter(name => name === 'CHANNEL_ANSWER' || name === 'CHANNEL_PARK'),
    ['CHANNEL_ANSWER', 'CHANNEL_PARK'],
  )
  await node.home.attempt(say.uuidKill(uuid, 'NORMAL_CLEARING' as Ident))
})

// never in the microseconds between FreeSWITCH's last check of the lead and the first sound: then it hangs up the agent
// too (switch_ivr_bridge.c)
for (const delay of [0, 5, 15, 25, 35, 45, 55]) {
  contract(`the lead leaves ${delay} ms after the join was asked for, and the agent talks to the next`, async world => {
    const node = await world.node('a')
    const { uuid, person } = await agent(world, node)
    const flow = node.answers('welcome', async call => {
      await call.answer()
      const joining = join(world, node, call, uuid)
      await world.pause(`${delay}ms`)
      await (await lead).hangUp()
      await joining
    })
    const lead = world.call()
    await rejects(world.within('8s', flow.result), { code: 'CALL_ENDED' })
    await waits(world, uuid)
    leadsTalkTo(world, node, uuid)
    const next = await world.call()
    await talk(world, next)
    await world.hear(next, person)
  })

  contract(
    `the agent on the line leaves ${delay} ms after the join was asked for, and the flow goes on with the lead`,
    async world => {
      const node = await world.node('a')
      const { uuid, person } = await agent(world, node)
      const flow = node.answers('welcome', async call => {
        await call.answer()
        const joining = join(world, node, call, uuid)
        await world.pause(`${delay}ms`)
        await person.hangUp()
        const end = await joining
        await call.play('ivr/second')
        return end
      })
      const lead = await world.call()
      await world.hears(lead, 'ivr/second', '8s')
      ok(['talked', 'left'].includes(await world.within('5s', flow.result)))
    },
  )
}
