/**
 * Nodes that cannot be reached, that close at once, that send nothing, or that have the wrong key. No caller is ever
 * left in silence.
 */
import { equal, ok } from 'node:assert/strict'
import type { Wire } from '../../../src/esl/wire.ts'
import { contract } from './suite.ts'
import type { Place, World } from './world.ts'

function closesAtOnce(world: World, at: Place) {
  return world.listen(at, (wire: Wire) => {
    wire.listen({ data() {}, close() {} })
    wire.destroy()
  })
}

/** The call reaches node b, which answers and gives it up: at once, or after the watchdog has transferred it. */
async function reachesB(world: World, how: 'at once' | 'brought'): Promise<void> {
  const b = await world.node('b')
  const flow = b.answers('welcome', async call => {
    await call.answer()
    await call.play('ivr/wrong')
    return call.uuid
  })
  const caller = await world.call()
  equal(await world.within('10s', flow.result), caller.uuid)
  equal(world.thrown(caller.uuid) ? 'brought' : 'at once', how)
  equal(flow.runs.length, 1)
}

contract('a node that refuses connections: the call is at the other one at once', world => reachesB(world, 'at once'))

contract('a node that accepts and closes: the call is at the other one at once', async world => {
  const bad = await closesAtOnce(world, 'a')
  await reachesB(world, 'at once')
  bad.close()
})

contract(
  "a node that accepts and says nothing: the dead man's switch brings the call to the other one",
  async world => {
    const bad = await world.saysNothing('a')
    await reachesB(world, 'brought')
    bad.close()
  },
)

contract('a node with another key is not trusted with the call, and says why', async world => {
  const a = await world.node('a', { key: 'another-key' })
  await reachesB(world, 'at once')
  ok(a.lines.some(([level, message]) => level === 'error' && message.includes('switchhook_key')))
  equal(a.door.legs.size, 0)
})

contract('no node at all: the caller hears that we are sorry', async world => {
  const caller = await world.call()
  await world.hears(caller, 'sorry')
  equal(await world.within('5s', caller.ended), 'NORMAL_TEMPORARY_FAILURE')
})

contract('no node at all: the overflow number rings and the caller talks to it', async world => {
  const phone = world.telephone('person')
  await world.setOverflow(phone.endpoint)
  const caller = await world.call()
  await world.hears(caller, 'sorry')
  const somebody = await world.within('5s', phone.rings())
  await world.event(caller.uuid, 'CHANNEL_BRIDGE')
  await world.hear(caller, somebody)
  await somebody.hangUp()
  await world.within('5s', caller.ended)
})

contract('nodes that all say nothing: the caller hears that we are sorry', async world => {
  const bad = [await world.saysNothing('a'), await world.saysNothing('b')]
  const caller = await world.call()
  await world.hears(caller, 'sorry', '9s')
  equal(await world.within('5s', caller.ended), 'NORMAL_TEMPORARY_FAILURE')
  for (const one of bad) one.close()
})

contract("a node that took the call keeps it: the dead man's switch is off", async world => {
  const a = await world.node('a')
  const flow = a.answers('welcome', async call => {
    await call.answer()
    await world.pause('4s')
    await call.play('ivr/wrong')
  })
  await world.call()
  await world.within('8s', flow.result)
  equal(flow.runs.length, 1)
})
