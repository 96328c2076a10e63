/** A node dies: callers who wait continue on another one, and people who talk notice nothing. */
import { equal, ok, rejects } from 'node:assert/strict'
import { Call } from '../../../src/call/call.ts'
import * as say from '../../../src/esl/api.ts'
import { uuid, type Ident } from '../../../src/esl/safe-text.ts'
import { contract } from './suite.ts'
import { talk } from './talking.ts'
import type { Person, World } from './world.ts'

const forEver = () => new Promise<never>(() => {})

const WAITS: Readonly<
  Record<
    string,
    { flow: (call: Call) => Promise<unknown>; reached: (world: World, caller: Person) => Promise<unknown> }
  >
> = {
  'who waits in silence': { flow: forEver, reached: world => world.pause('300ms') },
  'who hears a sound': {
    flow: call => call.play('ivr/long'),
    reached: (world, caller) => world.hears(caller, 'ivr/long'),
  },
  'who hears music': {
    flow: async call => {
      await call.music('moh/calm')
      await forEver()
    },
    reached: (world, caller) => world.hears(caller, 'moh/calm'),
  },
  'who is in a menu': {
    flow: call => call.menu('ivr/welcome', { 1: 'one' }),
    reached: (world, caller) => world.hears(caller, 'ivr/welcome'),
  },
  'who leaves a message': {
    flow: call => call.record(),
    reached: (world, caller) => world.event(caller.uuid, 'RECORD_START'),
  },
}

for (const [who, { flow: waits, reached }] of Object.entries(WAITS)) {
  contract(`a caller ${who} is taken over when the node dies`, async world => {
    const a = await world.node('a')
    const b = await world.node('b')
    a.answers('welcome', async call => {
      await call.answer()
      await waits(call)
    })
    const taken = b.answers('welcome', async call => {
      await call.play('ivr/second')
      return call.uuid
    })
    const caller = await world.call()
    await world.within('5s', caller.answered)
    await reached(world, caller)
    a.kill()
    await world.hears(caller, 'ivr/second')
    ok(!world.thrown(caller.uuid), "the dead man's switch was not waited for")
    equal(await world.within('5s', taken.result), caller.uuid)
  })
}

contract(
  'a node that gives a call away on purpose: the other one has it, and nothing of it remains here',
  async world => {
    const a = await world.node('a')
    const b = await world.node('b')
    const here = a.answers('welcome', async call => {
      await call.answer()
      await call.play('ivr/long')
    })
    const there = b.answers('welcome', call => call.play('ivr/second'))
    const caller = await world.call()
    await world.hears(caller, 'ivr/long')
    a.stopListening()
    ;(await here.call).leg.giveAway()
    await world.hears(caller, 'ivr/second')
    await world.within('5s', there.result)
    equal(a.door.legs.size, 0)
    await world.within('5s', a.unconnected())
  },
)

contract('the same caller survives two deaths', async world => {
  const first = await world.node('a')
  const second = await world.node('b')
  first.answers('welcome', async call => {
    await call.answer()
    await call.play('ivr/long')
  })
  second.answers('welcome', call => call.play('ivr/second').then(() => call.play('ivr/long')))
  const caller = await world.call()
  await world.hears(caller, 'ivr/long')
  first.kill()
  await world.hears(caller, 'ivr/second')
  const third = await world.node('a')
  const last = third.answers('welcome', async call => {
    await call.play('ivr/wrong')
    return call.uuid
  })
  await world.hears(caller, 'ivr/long')
  second.kill()
  await world.hears(caller, 'ivr/wrong')
  equal(await world.within('5s', last.result), caller.uuid)
})

contract(
  'two people who talk do not hear that the node dies, and the caller comes to the other one afterwards',
  async world => {
    const a = await world.node('a')
    const b = await world.node('b')
    const { caller, agent } = await talk(world, a)
    await world.pause('200ms')
    a.kill()
    await world.pause('300ms')
    await world.hear(caller, agent)
    const back = b.answers('welcome', async call => {
      await call.play('ivr/second')
      return call.leg.arrival.lastTalk
    })
    await agent.hangUp()
    await world.hears(caller, 'ivr/second')
    const lastTalk = await world.within('5s', back.result)
    equal(lastTalk?.with, agent.uuid)
  },
)

for (const delay of ['0ms', '20ms', '40ms', '60ms', '100ms'] as const) {
  contract(
    `the node dies ${delay} after a join was asked for: they talk, or the caller is at the other node and the agent is free`,
    async world => {
      const a = await world.node('a')
      const b = await world.node('b')
      const phone = world.telephone('person')
      a.answers('welcome', async call => {
        await call.answer()
        await call.music('moh/calm')
        const party = await call.dial(phone.endpoint)
        void call.join(party.leg!)
        await world.pause(delay)
        a.kill()
        await forEver()
      })
      b.answers('welcome', call => call.play('ivr/second'))
      const caller = await world.call()
      const agent = await world.within('5s', phone.rings())
      const bridged = world.event(caller.uuid, 'CHANNEL_BRIDGE').then(() => true)
      const door = world.hears(caller, 'ivr/second').then(() => false)
      door.catch(() => {}) // the loser of the race
      bridged.catch(() => {})
      if (await Promise.race([bridged, door])) {
        await world.pause('200ms')
        await world.hear(caller, agent)
        await agent.hangUp()
        await door
      }
      await world.within('5s', agent.ended)
      await world.within('5s', caller.ended)
    },
  )
}

contract('a caller who hangs up after the node died leaves nobody behind', async world => {
  const a = await world.node('a')
  await world.node('b')
  const { caller, agent } = await talk(world, a)
  a.kill()
  await world.pause('200ms')
  await caller.hangUp()
  await world.within('5s', agent.ended)
})

contract(
  'a telephone that rings when the node dies is hung up when somebody answers: nobody waits for it any more',
  async world => {
    const a = await world.node('a')
    const b = await world.node('b')
    const phone = world.telephone('early')
    a.answers('welcome', async call => {
      await call.answer()
      await call.dial(phone.endpoint)
    })
    const there = b.answers('welcome', call => call.play('ivr/long'))
    const caller = await world.call()
    const somebody = await world.within('5s', phone.rings())
    a.kill()
    await world.hears(caller, 'ivr/long')
    await world.within('8s', somebody.ended)
    ok(b.lines.some(([, message]) => message === 'leg was hung up: no call claims it any more'))
    await world.within('5s', there.result)
  },
)

contract(
  'a connection that breaks while the node lives: the call comes back to the same flow, and the sound is heard again',
  async world => {
    const a = await world.node('a')
    const flow = a.answers('welcome', async call => {
      await call.answer()
      await call.play('ivr/welcome')
      return 'through'
    })
    const caller = await world.call()
    await world.hears(caller, 'ivr/welcome')
    a.cut()
    await world.hears(caller, 'ivr/welcome')
    equal(await world.within('5s', flow.result), 'through')
    equal(flow.runs.length, 1)
  },
)

contract('a caller who hangs up while the connection is lost is known to be gone', async world => {
  const a = await world.node('a')
  const flow = a.answers('welcome', async call => {
    await call.answer()
    await call.play('ivr/long')
  })
  const caller = await world.call()
  await world.hears(caller, 'ivr/long')
  a.stopListening()
  a.cut()
  await caller.hangUp()
  await rejects(world.within('5s', flow.result), { code: 'CALL_ENDED' })
})

contract('two people talk, the node dies, and both come to the other node when the talk is over', async world => {
  const a = await world.node('a')
  const b = await world.node('b')
  const phone = world.telephone('person')
  a.answers('welcome', async call => {
    await call.answer()
    const party = await call.dial(phone.endpoint)
    party.leg!.leg.returns = true
    await call.join(party.leg!)
  })
  const caller = await world.call()
  const agent = await world.within('5s', phone.rings())
  await world.event(caller.uuid, 'CHANNEL_BRIDGE')
  await world.pause('200ms')
  a.kill()
  await world.hear(caller, agent)
  using expected = b.door.expect(uuid(agent.uuid))
  const back = b.answers('welcome', async call => {
    const other = new Call(await expected.arrived, b.context)
    other.leg.returns = true
    await call.play('ivr/second')
    await call.join(other)
  })
  await b.home.commands.run(say.uuidTransfer(uuid(caller.uuid), 'welcome' as Ident))
  await world.hears(caller, 'ivr/second')
  await world.within(
    '5s',
    world.observer.next(event => event.name === 'CHANNEL_BRIDGE' && event.uuid === caller.uuid),
  )
  await world.hear(caller, agent)
  await caller.hangUp()
  await rejects(world.within('5s', back.result), { code: 'CALL_ENDED' })
  await world.within('5s', (await expected.arrived).driven(), 'the agent is back at the door of b')
  await agent.hangUp()
})
