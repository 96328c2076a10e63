/**
 * Agents who have dialled in. Their leg is driven by a flow of their own, hears music, and is joined with a caller whom
 * another flow drives, on this node or another one. After the talk it returns to its own flow.
 */
import { equal, ok, rejects } from 'node:assert/strict'
import { Call } from '../../../src/call/call.ts'
import { joinedBy } from '../../../src/call/joined-by.ts'
import { parkedLeg } from '../../../src/call/parked-leg.ts'
import type { Uuid } from '../../../src/esl/safe-text.ts'
import type { Node } from './node.ts'
import { contract } from './suite.ts'
import type { Person, World } from './world.ts'

/**
 * The agent's flow: music until there is a caller, who is joined with this leg; after the talk a sound, and with whom
 * it was. `ready`: the music has ended; what is sent to a leg that is being joined would play into the talk.
 */
function desk(node: Node, caller: Promise<Person>, ready = () => {}) {
  return node.answers('desk', async call => {
    await call.answer()
    {
      await using _music = await call.music('moh/calm')
      await caller
    }
    const { uuid } = await caller
    await new Promise<void>(joined => {
      const watch = joinedBy(call.leg, uuid as Uuid, () => {
        watch[Symbol.dispose]()
        joined()
      })
      ready()
    })
    await call.leg.driven()
    await call.play('ivr/wrong')
    return call.leg.lastTalk?.with
  })
}

/** The caller's flow: joins the caller with the agent, whose flow is `desk`. */
const callersTalkTo = (node: Node, agent: Promise<Person>) =>
  node.answers('welcome', async call => {
    await call.answer()
    const leg = parkedLeg((await agent).uuid as Uuid, node.home, node.context, 'desk')
    try {
      return await call.join(new Call(leg, node.context))
    } finally {
      leg.giveAway('taken')
      if (!call.signal.aborted) await call.play('ivr/second')
    }
  })

function later<T>(): { readonly promise: Promise<T>; readonly resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => {}
  const promise = new Promise<T>(done => (resolve = done))
  return { promise, resolve }
}

/** An agent on the line, and a caller; they talk. */
async function talking(world: World, node: Node) {
  const [here, waiting, ready] = [later<Person>(), later<Person>(), later<void>()]
  const atDesk = desk(node, waiting.promise, () => ready.resolve())
  const flow = callersTalkTo(node, here.promise)
  const agent = await world.call({ to: 'desk' })
  await world.hears(agent, 'moh/calm')
  const caller = await world.call()
  waiting.resolve(caller)
  await ready.promise
  here.resolve(agent)
  await world.event(caller.uuid, 'CHANNEL_BRIDGE')
  await world.hear(caller, agent)
  return { agent, caller, atDesk, flow }
}

contract('an agent who has dialled in talks with a caller on that line, and returns to their own flow', async world => {
  const node = await world.node('a')
  const { agent, caller, atDesk, flow } = await talking(world, node)
  await world.within('5s', node.unconnected())
  await caller.hangUp()
  await rejects(world.within('5s', flow.result), { code: 'CALL_ENDED' })
  await world.hears(agent, 'ivr/wrong')
  equal(await world.within('5s', atDesk.result), caller.uuid)
  equal(atDesk.runs.length, 1)
})

contract('when an agent who has dialled in hangs up, the flow goes on with the caller', async world => {
  const node = await world.node('a')
  const { agent, caller, atDesk, flow } = await talking(world, node)
  await agent.hangUp()
  await world.hears(caller, 'ivr/second')
  equal(await world.within('5s', flow.result), 'talked')
  await rejects(world.within('5s', atDesk.result), { code: 'CALL_ENDED' })
})

contract('an agent who has dialled in and a caller talk on when their node dies', async world => {
  const node = await world.node('a')
  const { agent, caller } = await talking(world, node)
  node.kill()
  await world.pause('500ms')
  await world.hear(caller, agent)
  const other = await world.node('b')
  const back = other.answers('desk', call => call.play('ivr/wrong'))
  await caller.hangUp()
  await world.hears(agent, 'ivr/wrong')
  await world.within('5s', back.result)
})

contract(
  'an agent who was to be joined with a caller who has left hears the music of their own flow again',
  async world => {
    const node = await world.node('a')
    const { promise } = later<Person>()
    desk(node, promise)
    const agent = await world.call({ to: 'desk' })
    await world.hears(agent, 'moh/calm')
    await node.context.release(parkedLeg(agent.uuid as Uuid, node.home, node.context, 'desk'))
    await world.hears(agent, 'moh/calm')
    ok(await world.exists(agent.uuid), 'the agent is still on the line')
  },
)
