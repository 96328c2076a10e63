/** Hold: by a command, or by the hold key of a telephone. Nobody drives the talk meanwhile, and nobody is lost. */
import { equal, rejects } from 'node:assert/strict'
import { uuidHold } from '../../../src/esl/api.ts'
import { comeHome } from '../../../src/call/come-home.ts'
import type { Uuid } from '../../../src/esl/safe-text.ts'
import { contract } from './suite.ts'
import { talk } from './talking.ts'
import type { Person, World } from './world.ts'

/** A talk runs no queued command before its first 200 ms of audio. */
async function settled(world: World, caller: Person, agent: Person): Promise<void> {
  await world.hear(caller, agent)
}

contract('a caller on hold hears music, and after the hold the two hear each other', async world => {
  const node = await world.node('a')
  const { caller, agent, result } = await talk(world, node)
  await settled(world, caller, agent)
  await node.home.commands.run(uuidHold(agent.uuid as Uuid, true))
  await world.hears(caller, 'moh/calm')
  await rejects(node.home.commands.run(uuidHold(agent.uuid as Uuid, true)), { code: 'SWITCH_REFUSED' })
  const callState = async () => (await node.home.list())?.get(agent.uuid as Uuid)?.callState
  await world.until('5s', async () => (await callState()) === 'HELD')
  await node.home.commands.run(uuidHold(agent.uuid as Uuid, false))
  await world.event(caller.uuid, 'PLAYBACK_STOP')
  await world.until('5s', async () => (await callState()) === 'ACTIVE')
  await world.hear(caller, agent)
  await agent.hangUp()
  await world.hears(caller, 'ivr/second')
  equal(await world.within('5s', result), 'talked')
})

contract(
  'an agent who hangs up during a hold does not end the call, and the flow goes on with the caller',
  async world => {
    const node = await world.node('a')
    const { caller, agent, result } = await talk(world, node)
    await settled(world, caller, agent)
    await node.home.commands.run(uuidHold(agent.uuid as Uuid, true))
    await world.hears(caller, 'moh/calm')
    await agent.hangUp()
    await world.hears(caller, 'ivr/second')
    equal(await world.within('5s', result), 'talked')
  },
)

contract('an agent who presses the hold key and hangs up does not end the call either', async world => {
  const node = await world.node('a')
  const { caller, agent, result } = await talk(world, node)
  await settled(world, caller, agent)
  await agent.holds(true)
  await world.hears(caller, 'moh/calm')
  await agent.hangUp()
  await world.hears(caller, 'ivr/second')
  equal(await world.within('5s', result), 'talked')
})

contract('a caller on hold who hangs up frees the agent', async world => {
  const node = await world.node('a')
  const { caller, agent, result } = await talk(world, node)
  await settled(world, caller, agent)
  await node.home.commands.run(uuidHold(agent.uuid as Uuid, true))
  await world.hears(caller, 'moh/calm')
  await caller.hangUp()
  await rejects(world.within('5s', result), { code: 'CALL_ENDED' })
  equal(await world.within('5s', agent.ended), 'NORMAL_CLEARING')
})

contract('a hold outlives the death of every node', async world => {
  const node = await world.node('a')
  const { caller, agent } = await talk(world, node)
  await settled(world, caller, agent)
  await agent.holds(true)
  await world.hears(caller, 'moh/calm')
  node.kill()
  const other = await world.node('b')
  const back = other.answers('welcome', async call => {
    await call.play('ivr/wrong')
  })
  await agent.holds(false)
  await world.event(caller.uuid, 'PLAYBACK_STOP')
  await world.hear(caller, agent)
  await agent.hangUp()
  await world.hears(caller, 'ivr/wrong')
  await world.within('5s', back.result)
})

contract('a caller who talks is fetched to a node at once, and the agent is free', async world => {
  const node = await world.node('a')
  const { caller, agent, result } = await talk(world, node)
  await settled(world, caller, agent)
  const leg = node.door.legs.get(caller.uuid as Uuid)!
  await comeHome(leg, node.context)
  equal(leg.phase, 'driven')
  await world.hears(caller, 'ivr/second')
  equal(await world.within('5s', result), 'talked')
  equal(await world.within('5s', agent.ended), 'NORMAL_CLEARING')
})

contract('a caller is fetched out of a sound that the node plays, and the flow goes on', async world => {
  const node = await world.node('a')
  const flow = node.answers('welcome', async call => {
    await call.answer()
    await call.play('ivr/long') // may count as heard: its end can arrive before the new connection
    await call.play('ivr/second')
    return 'over'
  })
  const caller = await world.call()
  await world.hears(caller, 'ivr/long')
  await comeHome((await flow.call).leg, node.context)
  await world.hears(caller, 'ivr/second', '9s')
  equal(await world.within('9s', flow.result), 'over')
})
