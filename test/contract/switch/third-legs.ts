/** A third leg beside a talk: a supervisor who listens and speaks, a third person who talks. */
import { equal, ok, rejects } from 'node:assert/strict'
import { HEARD_BY, uuidGetvar, uuidKey, uuidRecord, type Beside } from '../../../src/esl/api.ts'
import { endpoint, filePath, newUuid, varValue, type Ident, type Uuid } from '../../../src/esl/safe-text.ts'
import { RECORDED } from '../../../src/call/verbs/recording.ts'
import { originate } from '../../../src/switch/originate.ts'
import { contract } from './suite.ts'
import type { Node } from './node.ts'
import { talk } from './talking.ts'
import type { Person, World } from './world.ts'

export async function beside(
  world: World,
  node: Node,
  app: Beside['app'],
  agent: Person,
  variables: Readonly<Record<string, string>> = {},
): Promise<Person> {
  const phone = world.telephone('person')
  const placed = originate(node.home, {
    uuid: newUuid(),
    endpoint: endpoint(phone.endpoint),
    flow: { app, leg: agent.uuid as Uuid },
    ringForMs: 5_000,
    variables: new Map(Object.entries(variables).map(([name, value]) => [name as Ident, varValue(value)])),
    clock: world.clock,
    log: node.context.log,
  })
  const person = await world.within('5s', phone.rings())
  equal((await world.within('5s', placed)).outcome, 'answered')
  return person
}

contract('a supervisor listens, changes who hears them, and leaves; the talk is not touched', async world => {
  const node = await world.node('a')
  const { caller, agent, result } = await talk(world, node)
  const boss = await beside(world, node, 'eavesdrop', agent, LISTENER)
  await world.event(boss.uuid, 'CHANNEL_EXECUTE')
  for (const key of Object.values(HEARD_BY)) {
    await node.home.commands.run(uuidKey(boss.uuid as Uuid, key))
    await world.hear(caller, agent)
  }
  await boss.hangUp()
  await world.event(boss.uuid, 'CHANNEL_HANGUP_COMPLETE')
  await world.hear(caller, agent)
  await agent.hangUp()
  await world.hears(caller, 'ivr/second')
  equal(await world.within('5s', result), 'talked')
})

contract('a supervisor leaves with the agent, and the caller comes back', async world => {
  const node = await world.node('a')
  const { caller, agent, result } = await talk(world, node)
  const boss = await beside(world, node, 'eavesdrop', agent, LISTENER)
  await world.hear(caller, agent)
  await agent.hangUp()
  await world.hears(caller, 'ivr/second')
  equal(await world.within('5s', boss.ended), 'NORMAL_CLEARING')
  equal(await world.within('5s', result), 'talked')
})

contract('a supervised talk outlives its node', async world => {
  const node = await world.node('a')
  const { caller, agent } = await talk(world, node)
  const boss = await beside(world, node, 'eavesdrop', agent, LISTENER)
  node.kill()
  await world.pause('500ms')
  await world.hear(caller, agent)
  ok(await world.exists(boss.uuid), 'the supervisor is still there')
  await backAt(world, caller, agent)
})

contract('a third person talks and leaves, and the two talk on', async world => {
  const node = await world.node('a')
  const { caller, agent, result } = await talk(world, node)
  const third = await beside(world, node, 'three_way', agent)
  await world.hear(caller, agent)
  await third.hangUp()
  await world.event(third.uuid, 'CHANNEL_HANGUP_COMPLETE')
  await world.hear(caller, agent)
  await agent.hangUp()
  await world.hears(caller, 'ivr/second')
  equal(await world.within('5s', result), 'talked')
})

contract('three people talk on when the node dies; when the agent leaves, the third one does too', async world => {
  const node = await world.node('a')
  const { caller, agent } = await talk(world, node)
  const third = await beside(world, node, 'three_way', agent)
  node.kill()
  await world.pause('500ms')
  await world.hear(caller, agent)
  await backAt(world, caller, agent)
  equal(await world.within('5s', third.ended), 'NORMAL_CLEARING')
})

export const LISTENER = { eavesdrop_enable_dtmf: 'true' }

/** The agent hangs up, and the caller reaches node b. */
async function backAt(world: World, caller: Person, agent: Person): Promise<void> {
  const other = await world.node('b')
  const back = other.answers('welcome', async call => {
    await call.play('ivr/wrong')
  })
  await agent.hangUp()
  await world.hears(caller, 'ivr/wrong')
  await world.within('5s', back.result)
}

contract('a recording is masked and unmasked by a command of any node while the caller talks', async world => {
  const node = await world.node('a')
  const phone = world.telephone('person')
  node.answers('welcome', async call => {
    await call.answer()
    await using _tape = await call.recording()
    await using party = await call.dial(phone.endpoint)
    await call.join(party.leg!)
  })
  const caller = await world.call()
  const agent = await world.within('5s', phone.rings())
  await world.event(caller.uuid, 'CHANNEL_BRIDGE')
  const other = await world.node('b')
  const ask = (name: Ident) => other.home.ask(uuidGetvar(caller.uuid as Uuid, name))
  const path = filePath((await ask(RECORDED)).trim())
  for (const action of ['mask', 'unmask'] as const)
    await other.home.commands.run(uuidRecord(caller.uuid as Uuid, action, path))
  await rejects(other.home.commands.run(uuidRecord(caller.uuid as Uuid, 'mask', filePath('/tmp/none.wav'))), {
    code: 'SWITCH_REFUSED',
  })
  await world.hear(caller, agent)
})
