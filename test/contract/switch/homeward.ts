/**
 * A leg that belongs to one node (switchhook_home), and a call that is fetched from a node that lives and sends
 * nothing. The nodes here are bare connections: the sentences are about FreeSWITCH, not about a flow.
 */
import { deepEqual, equal, ok } from 'node:assert/strict'
import * as say from '../../../src/esl/api.ts'
import { newUuid, uuid, varValue, type AppArgument, type Ident, type VarValue } from '../../../src/esl/safe-text.ts'
import { BareNode, WELCOME, type Held } from './bare-node.ts'
import { contract } from './suite.ts'
import type { Person, World } from './world.ts'

/** A person is called, and their leg is sent to its home node. */
async function dialHome(world: World, home: string | null): Promise<Person> {
  const phone = world.telephone('person')
  const given = ['ignore_early_media=true', ...(home === null ? [] : [`switchhook_home=${home}`])]
  void world.observer.job(`originate {${given.join(',')}}${phone.endpoint} switchhook-home-welcome XML switchhook`)
  return world.within('5s', phone.rings(), 'the telephone rings')
}

contract('a leg with a home goes to that node, although the other one is first in the list', async world => {
  using a = await BareNode.open(world, 'a')
  using b = await BareNode.open(world, 'b')
  const somebody = await dialHome(world, world.address('b'))
  const held = await b.takes()
  equal(held.uuid, somebody.uuid)
  equal(held.path, 'welcome')
  equal(a.calls.length, 0)
  const set = await variables(world, somebody.uuid, [
    'socket_resume',
    'playback_terminators',
    'max_session_transfers',
    'switchhook_key',
  ])
  deepEqual(set, ['true', 'none', '100000', world.doorKey])
})

contract('a leg whose home is dead goes to the other node', async world => {
  using a = await BareNode.open(world, 'a')
  const somebody = await dialHome(world, world.address('b'))
  const held = await a.takes()
  equal(held.uuid, somebody.uuid)
  equal(held.path, 'welcome')
})

contract("a leg whose home accepts and says nothing is taken from it by the dead man's switch", async world => {
  const silent = await world.saysNothing('b')
  using a = await BareNode.open(world, 'a')
  const somebody = await dialHome(world, world.address('b'))
  equal((await a.takes()).uuid, somebody.uuid)
  silent.close()
})

for (const [what, home] of [
  ['no home', null],
  ['a home without a port', '127.0.0.1'],
  ['a home that is no address', 'nonsense'],
  ['a home that is a list', '127.0.0.1:1|127.0.0.1:2'],
  ['a home with a path', '127.0.0.1:1/other'],
] as const) {
  contract(`a leg with ${what} goes to the nodes of the list`, async world => {
    using a = await BareNode.open(world, 'a')
    const somebody = await dialHome(world, home)
    const held = await a.takes()
    equal(held.uuid, somebody.uuid)
    equal(held.path, 'welcome')
  })
}

contract('a leg whose home dies later goes on at the other node, and survives the next death too', async world => {
  using a = await BareNode.open(world, 'a', 'music')
  const b = await BareNode.open(world, 'b', 'music')
  const somebody = await dialHome(world, world.address('b'))
  const home = await b.takes()
  await world.hears(somebody, 'moh/calm')
  b.stopListening()
  home.break()
  const taken = await a.takes()
  equal(taken.uuid, somebody.uuid)
  await world.hears(somebody, 'moh/calm')
  using again = await BareNode.open(world, 'b', 'music')
  a.stopListening()
  taken.break()
  equal((await again.takes()).uuid, somebody.uuid)
})

/** A caller whom a suspended node holds, fetched by node b. */
async function fetched(world: World, a: BareNode, b: BareNode): Promise<{ caller: Person; old: Held; now: Held }> {
  const caller = await world.call()
  const old = await a.takes()
  await world.hears(caller, 'moh/calm')
  old.stop()
  await world.observer.api(say.uuidSetvar(uuid(caller.uuid), 'switchhook_home' as Ident, varValue(world.address('b'))))
  await world.observer.api(say.uuidTransferHome(uuid(caller.uuid), WELCOME))
  const now = await b.takes()
  return { caller, old, now }
}

contract('a call that a stopped node holds is fetched, and its old connection stays open', async world => {
  using a = await BareNode.open(world, 'a', 'music')
  using b = await BareNode.open(world, 'b', 'music')
  const { caller, old, now } = await fetched(world, a, b)
  equal(now.uuid, caller.uuid)
  equal(now.path, 'welcome')
  await world.hears(caller, 'moh/calm')
  await world.pause('500ms')
  ok(old.open && now.open)
  equal(a.calls.length + b.calls.length, 2)
})

contract(
  'when the old connection of a fetched call breaks, the call comes to the nodes of the list once more',
  async world => {
    using a = await BareNode.open(world, 'a', 'music')
    using b = await BareNode.open(world, 'b', 'music')
    const { caller, old } = await fetched(world, a, b)
    await world.hears(caller, 'moh/calm')
    a.stopListening()
    old.break()
    equal((await b.takes(2)).uuid, caller.uuid)
    await world.pause('500ms')
    equal(b.calls.length, 2)
  },
)

contract('an old connection that says "home" and leaves in one write costs one way home and no more', async world => {
  using a = await BareNode.open(world, 'a', 'music')
  using b = await BareNode.open(world, 'b', 'music')
  const { caller, old } = await fetched(world, a, b)
  await world.hears(caller, 'moh/calm')
  old.sendHome()
  equal((await b.takes(2)).uuid, caller.uuid)
  await world.pause('500ms')
  equal(a.calls.length, 1)
  equal(b.calls.length, 2)
})

contract(
  'an old connection may leave unheard while an application runs with socket_resume=false, if a park waits behind it',
  async world => {
    using a = await BareNode.open(world, 'a', 'music')
    using b = await BareNode.open(world, 'b')
    const { caller, old, now } = await fetched(world, a, b)
    now.execute('playback', 'ivr/welcome.wav' as AppArgument)
    now.park()
    await world.hears(caller, 'ivr/welcome')
    await resume(world, caller, 'false')
    old.break()
    await world.pause('200ms')
    await resume(world, caller, 'true')
    await world.event(caller.uuid, 'PLAYBACK_STOP')
    await world.pause('500ms')
    now.execute('playback', 'ivr/second.wav' as AppArgument)
    await world.hears(caller, 'ivr/second')
    equal(a.calls.length + b.calls.length, 2)
    now.break()
    equal((await a.takes(2)).uuid, caller.uuid)
  },
)

contract(
  'an old connection that leaves while an application runs with socket_resume=false and no park behind it: the call is offered again at the end of the application',
  async world => {
    using a = await BareNode.open(world, 'a', 'music')
    using b = await BareNode.open(world, 'b')
    const { caller, old, now } = await fetched(world, a, b)
    now.execute('playback', 'ivr/welcome.wav' as AppArgument)
    await world.hears(caller, 'ivr/welcome')
    await resume(world, caller, 'false')
    old.break()
    await world.pause('100ms')
    equal(a.calls.length + b.calls.length, 2)
    equal((await a.takes(2)).uuid, caller.uuid)
  },
)

contract(
  'an old connection may break while the leg talks: nobody hears it, and the caller comes to a node once when the talk is over',
  async world => {
    using a = await BareNode.open(world, 'a', 'music')
    using b = await BareNode.open(world, 'b', 'music')
    const { caller, old, now } = await fetched(world, a, b)
    const phone = world.telephone('person')
    void world.observer.job(
      `originate {ignore_early_media=true,switchhook_home=${world.address('b')}}${phone.endpoint} switchhook-home-leg XML switchhook`,
    )
    const agent = await world.within('5s', phone.rings())
    const agentLeg = await b.takes(2)
    await world.observer.api(
      say.uuidSetvars(uuid(caller.uuid), {
        socket_resume: 'false',
        transfer_after_bridge: say.doorOf(WELCOME),
        uuid_bridge_continue_on_cancel: 'true',
      }),
    )
    await resume(world, agent, 'false')
    await world.observer.api(say.uuidBridge(uuid(caller.uuid), uuid(agent.uuid)))
    await world.event(caller.uuid, 'CHANNEL_BRIDGE')
    for (const connection of [now, agentLeg, old]) connection.break()
    await world.pause('300ms')
    await world.hear(caller, agent)
    a.stopListening()
    await agent.hangUp()
    equal((await b.takes(3)).uuid, caller.uuid)
    await world.pause('500ms')
    deepEqual([a.calls.length, b.calls.length], [1, 3])
  },
)

contract('what is left of an earlier talk can be taken away: an empty value unsets a variable', async world => {
  using a = await BareNode.open(world, 'a')
  const caller = await world.call()
  await a.takes()
  const stale = () => world.observer.api(`uuid_setvar ${caller.uuid} last_bridge_to ${newUuid()}`)
  for (const command of [
    say.uuidUnset(uuid(caller.uuid), 'last_bridge_to' as Ident),
    say.uuidSetvars(uuid(caller.uuid), { socket_resume: 'true', last_bridge_to: '' as VarValue }),
    say.uuidSetvars(uuid(caller.uuid), { last_bridge_to: '' as VarValue, socket_resume: 'true' }),
  ]) {
    await stale()
    equal((await world.observer.api(command)).trim(), '+OK')
    deepEqual(await variables(world, caller.uuid, ['last_bridge_to', 'socket_resume']), ['_undef_', 'true'])
  }
})

const resume = (world: World, person: Person, value: 'true' | 'false') =>
  world.observer.api(say.uuidSetvars(uuid(person.uuid), { socket_resume: value }))

async function variables(world: World, leg: string, names: readonly string[]): Promise<string[]> {
  const found: string[] = []
  for (const name of names) found.push(await world.observer.api(say.uuidGetvar(uuid(leg), name as Ident)))
  return found
}
