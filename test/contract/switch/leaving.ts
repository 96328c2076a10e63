/** A caller may hang up at any moment: the flow ends, its scopes unwind, and no leg is left. */
import { deepEqual, equal, ok, rejects } from 'node:assert/strict'
import type { Call } from '../../../src/call/call.ts'
import { contract } from './suite.ts'
import type { Person, Telephone, World } from './world.ts'

interface Moment {
  /** The step of the flow in which the caller leaves. */
  readonly flow: (call: Call, phone: Telephone) => Promise<unknown>
  /** Resolves when that step has begun. */
  readonly reached: (world: World, caller: Person, phone: Telephone) => Promise<unknown>
}

const rings = async (world: World, phone: Telephone) => world.within('5s', phone.rings(), 'the telephone rings')

const MOMENTS: Readonly<Record<string, Moment>> = {
  'before anything is said': { flow: call => call.play('ivr/long'), reached: async () => {} },
  'while the call is answered': {
    flow: async call => {
      await call.answer()
      await call.play('ivr/long')
    },
    reached: (world, caller) => world.event(caller.uuid, 'CHANNEL_ANSWER'),
  },
  'while a sound plays': {
    flow: async call => {
      await call.answer()
      await call.play(['ivr/long', 'ivr/second'])
    },
    reached: (world, caller) => world.hears(caller, 'ivr/long'),
  },
  'in a menu': {
    flow: async call => {
      await call.answer()
      await call.menu('ivr/welcome', { 1: 'one' })
    },
    reached: (world, caller) => world.hears(caller, 'ivr/welcome'),
  },
  'while music plays': {
    flow: async call => {
      await call.answer()
      await using _music = await call.music('moh/calm')
      await new Promise((_, reject) => call.signal.addEventListener('abort', () => reject(call.signal.reason)))
    },
    reached: (world, caller) => world.hears(caller, 'moh/calm'),
  },
  'while leaving a message': {
    flow: async call => {
      await call.answer()
      await call.record()
    },
    reached: (world, caller) => world.event(caller.uuid, 'RECORD_START'),
  },
  'while the call is recorded': {
    flow: async call => {
      await call.answer()
      await using _tape = await call.recording()
      await call.play('ivr/long')
    },
    reached: (world, caller) => world.hears(caller, 'ivr/long'),
  },
  'while a telephone rings': {
    flow: async (call, phone) => {
      await call.answer()
      await using _party = await call.dial(phone.endpoint)
    },
    reached: (world, _caller, phone) => rings(world, phone),
  },
  'while an agent hears the whisper': {
    flow: async (call, phone) => {
      await call.answer()
      await using _party = await call.dial(phone.endpoint, { before: leg => leg.play('ivr/long') })
    },
    reached: async (world, _caller, phone) => world.hears(await rings(world, phone), 'ivr/long'),
  },
  'in the talk': {
    flow: async (call, phone) => {
      await call.answer()
      await using party = await call.dial(phone.endpoint)
      await call.join(party.leg!)
    },
    reached: (world, caller) => world.event(caller.uuid, 'CHANNEL_BRIDGE'),
  },
  'after a talk': {
    flow: async (call, phone) => {
      await call.answer()
      await using party = await call.dial(phone.endpoint)
      await call.join(party.leg!)
      await call.play('ivr/long')
    },
    async reached(world, caller, phone) {
      const agent = await rings(world, phone)
      await world.event(caller.uuid, 'CHANNEL_BRIDGE')
      await agent.hangUp()
      await world.hears(caller, 'ivr/long')
    },
  },
}

for (const [when, { flow: act, reached }] of Object.entries(MOMENTS)) {
  contract(`a caller hangs up ${when}`, async world => {
    const node = await world.node('a')
    const phone = world.telephone(when === 'while a telephone rings' ? 'never' : 'person')
    const unwound: string[] = []
    const flow = node.answers('welcome', async call => {
      await using _scope = { [Symbol.asyncDispose]: async () => void unwound.push('scope') }
      await act(call, phone)
    })
    const caller = await world.call()
    await world.within('5s', flow.call, 'the flow begins')
    await reached(world, caller, phone)
    await caller.hangUp()
    await rejects(world.within('3s', flow.result), { code: 'CALL_ENDED' })
    deepEqual(unwound, ['scope'])
    const { leg } = flow.runs[0]!
    equal(leg.phase, 'ended')
    ok(leg.signal.aborted)
    const end = await world.within('3s', leg.ended)
    ok(end.facts?.variable('socket_resume'), 'the last event with all variables was heard')
    // the key was removed from the leg after it was compared, unless the caller was faster
    if (when !== 'before anything is said') equal(end.facts?.variable('switchhook_key'), undefined)
  })
}

contract('an agent who hangs up in the whisper has declined, and the caller stays', async world => {
  const node = await world.node('a')
  const phone = world.telephone('person')
  const flow = node.answers('welcome', async call => {
    await call.answer()
    await using party = await call.dial(phone.endpoint, { before: leg => leg.play('ivr/long') })
    await call.play('ivr/second')
    return party.outcome
  })
  const caller = await world.call()
  const agent = await world.within('5s', phone.rings())
  await world.hears(agent, 'ivr/long')
  await agent.hangUp()
  await world.hears(caller, 'ivr/second')
  equal(await world.within('5s', flow.result), 'declined')
})

contract('an agent who says no in the whisper has declined and is let go', async world => {
  const node = await world.node('a')
  const phone = world.telephone('person')
  const flow = node.answers('welcome', async call => {
    await call.answer()
    await using party = await call.dial(phone.endpoint, {
      before: async leg => (await leg.menu('ivr/welcome', { 1: 'yes', 2: 'no' })) === 'yes',
    })
    return party.outcome
  })
  await world.call()
  const agent = await world.within('5s', phone.rings())
  await world.hears(agent, 'ivr/welcome')
  await agent.press('2')
  equal(await world.within('5s', flow.result), 'declined')
  await world.within('5s', agent.ended)
})

contract('an agent who says yes in the whisper is there', async world => {
  const node = await world.node('a')
  const phone = world.telephone('person')
  const flow = node.answers('welcome', async call => {
    await call.answer()
    await using music = await call.music('moh/calm')
    await using party = await call.dial(phone.endpoint, {
      before: async leg => (await leg.menu('ivr/welcome', { 1: 'yes' })) === 'yes',
    })
    await music[Symbol.asyncDispose]()
    return await call.join(party.leg!)
  })
  const caller = await world.call()
  const agent = await world.within('5s', phone.rings())
  await world.hears(agent, 'ivr/welcome')
  await agent.press('1')
  await world.event(caller.uuid, 'CHANNEL_BRIDGE')
  await world.hear(caller, agent)
  await agent.hangUp()
  equal(await world.within('5s', flow.result), 'talked')
})
