import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { campaignFlow, flow } from '#flow'
import { simulate } from '#testing'
import { SwitchError } from '../../src/base/errors.ts'
import campaignLeg from '../../scripts/campaign-leg.ts'
import queueEntry from '../../scripts/queue-entry.ts'

/** A caller waits, and the agent who is called for them hears the whisper. */
async function whisper(t: TestContext) {
  const sim = simulate(t)
  const alice = sim.agent('alice')
  const caller = sim.call(queueEntry, { params: { queue: 'support' } })
  await alice.ready()
  await alice.hears('whisper/press-1')
  return { sim, alice, caller }
}

/** The agent has accepted, and the two have talked for a second. */
async function talk(t: TestContext) {
  const people = await whisper(t)
  await people.alice.presses('1')
  await people.caller.talksWith('alice')
  await people.sim.advance('1s')
  return people
}

/** The event link is the first that the node opens. */
function dropEventLink(sim: ReturnType<typeof simulate>): void {
  let dropped = 0
  sim.switch.dropConnections(link => !link.outbound && dropped++ === 0)
}

test('a talk that ends while the event link is down is known to be over when the link is back, and the agent is free', async t => {
  const { sim, alice, caller } = await talk(t)
  dropEventLink(sim)
  await caller.hangsUp() // no node receives it
  assert.equal(await caller.outcome(), 'talked')
  await alice.becomes('wrap-up')
})

test('a lead who answers while the event link is down is not cut off when the time to ring would be over', async t => {
  const sim = simulate(t)
  const alice = sim.agent('alice')
  await alice.isNailedUp()
  await alice.ready()
  const lead = sim.lead(campaignLeg, { answers: '2s' })
  await sim.advance('1.95s')
  dropEventLink(sim)
  await lead.talksWith('alice')
  await sim.advance('40s')
  await lead.hangsUp()
  assert.equal(await lead.disposition(), 'talked')
  await alice.hangsUp()
})

test('a lead of whom nothing was heard, and who talks with an agent when the link is back, talks on', async t => {
  const sim = simulate(t, { sounds: { announcement: '8s' } })
  const alice = sim.agent('alice')
  await alice.isNailedUp()
  await alice.ready()
  const { connect } = sim.switch
  const create = sim.switch.createChannel.bind(sim.switch)
  sim.switch.createChannel = (...about) => {
    sim.switch.createChannel = create
    sim.switch.connect = () => {
      throw new SwitchError('LINK_DOWN', 'nobody gets through to the event socket')
    }
    dropEventLink(sim)
    return create(...about)
  }
  const lead = sim.lead(
    campaignFlow(async (call, them) => {
      const agent = await them.agent()
      assert.ok(agent, 'alice is free')
      await call.play('announcement')
      await call.join(agent.leg)
      return 'talked'
    }),
    { answers: '24s' },
  )
  await sim.advance('26s') // the ring time was over more than a second ago
  sim.switch.connect = connect
  await lead.talksWith('alice', '20s')
  await sim.advance('10s')
  assert.doesNotMatch(sim.transcript(), /is gone/)
  await lead.hangsUp()
  assert.equal(await lead.disposition(), 'talked')
  await alice.hangsUp()
})

test('a caller who is driven elsewhere while the agent hears the whisper takes the agent along', async t => {
  const { sim, alice, caller } = await whisper(t)
  const [a, b] = [await sim.ready, await sim.until('the second node opens', sim.open('b'))]
  sim.switch.refuse(a.address) // its port is closed: the call goes to the other node
  a.door.legs.get((await caller.uuid()) as never)!.giveAway()
  await alice.accepts()
  await caller.talksWith('alice')
  assert.equal(a.flows.running + b.flows.running, 1)
  await caller.hangsUp()
  await alice.becomes('wrap-up')
})

test('an agent whose whisper goes on at another node may listen to the end of it', async t => {
  const { sim, alice, caller } = await whisper(t)
  const [a] = [await sim.ready, await sim.until('the second node opens', sim.open('b'))]
  sim.switch.refuse(a.address)
  a.door.legs.get((await caller.uuid()) as never)!.giveAway()
  for (let tries = 0; tries < 3; tries++) await alice.hears('whisper/press-1')
  await sim.advance('1s')
  await alice.presses('1')
  await caller.talksWith('alice')
  await caller.hangsUp()
})

test('a caller and the agent who hears the whisper stay together at the next node when both connections break', async t => {
  const { sim, alice, caller } = await whisper(t)
  const [a, b] = [await sim.ready, await sim.until('the second node opens', sim.open('b'))]
  sim.switch.refuse(a.address)
  sim.switch.dropConnections(link => link.outbound)
  await alice.hears('whisper/press-1')
  sim.switch.allow(a.address)
  await sim.advance('3500ms') // by now the first node has asked FreeSWITCH for them
  await alice.presses('1')
  await caller.talksWith('alice', '1s')
  assert.deepEqual([a.flows.running, b.flows.running], [0, 1])
  await caller.hangsUp()
})

test('an agent whose connection is lost alone comes back to the caller who waits for them', async t => {
  const { sim, alice, caller } = await whisper(t)
  const b = await sim.until('the second node opens', sim.open('b'))
  const a = await sim.ready
  const leg = [...a.door.legs.values()].find(one => one.arrival.path === 'leg')!
  const silent = {
    [a.address]: sim.switch.listeners.get(a.address)!,
    [b.address]: sim.switch.listeners.get(b.address)!,
  }
  // a connection is accepted and nothing is sent
  for (const address of Object.keys(silent)) sim.switch.listeners.set(address, () => {})
  sim.switch.dropConnections(({ uuid }) => uuid === leg.uuid)
  await sim.advance('2s')
  for (const [address, listen] of Object.entries(silent)) sim.switch.listeners.set(address, listen)
  await alice.accepts()
  await caller.talksWith('alice')
  await caller.hangsUp()
})

test("a leg that comes to another node than its caller is brought to the caller's node", async t => {
  const { sim, alice, caller } = await whisper(t)
  const b = await sim.until('the second node opens', sim.open('b'))
  const leg = [...(await sim.ready).door.legs.values()].find(one => one.arrival.path === 'leg')!
  sim.switch.refuse((await sim.ready).address)
  // only the agent's connection: the next node of the list gets it
  sim.switch.dropConnections(({ uuid }) => uuid === leg.uuid)
  await sim.advance('20ms')
  sim.switch.allow((await sim.ready).address)
  await alice.accepts()
  await caller.talksWith('alice')
  assert.equal(b.flows.running, 0)
  await caller.hangsUp()
})

test('an agent whose caller comes back to another node after the talk is free all the same', async t => {
  const { sim, alice, caller } = await talk(t)
  const [a, b] = [await sim.ready, await sim.until('the second node opens', sim.open('b'))]
  sim.switch.refuse(a.address)
  await alice.hangsUp()
  await alice.becomes('wrap-up', '1s')
  assert.equal(await caller.outcome(), 'talked')
  await sim.until('the first flow stands still', () => a.flows.running === 0, '10s')
  assert.equal(b.flows.running, 0)
})

test('two who talk are not parted because the news of it does not come', async t => {
  const { sim, alice, caller } = await whisper(t)
  sim.switch.faults.withhold(event => event.name === 'CHANNEL_BRIDGE')
  await alice.presses('1')
  await sim.advance('5s')
  await caller.talksWith('alice')
  await sim.advance('20s')
  await alice.hangsUp()
  assert.equal(await caller.outcome(), 'talked')
})

test('a node that cannot be sure of its calls dials nobody until it is', async t => {
  const sim = simulate(t)
  const alice = sim.agent('alice')
  const caller = sim.call(
    flow(async call => {
      await call.answer()
      await call.play('ivr/one-moment')
      await using party = await call.dial('user/alice')
      return party.outcome
    }),
  )
  await caller.hears('ivr/one-moment')
  const door = (await sim.ready).door as { holds(): boolean }
  const { holds } = door
  door.holds = () => false // its lease has lapsed, and nothing is sent in a conversation that would show it
  await sim.advance('6s')
  assert.equal(alice.place.rang, 0)
  door.holds = holds
  assert.equal(await caller.outcome(), 'answered')
  assert.equal(alice.place.rang, 1)
})

test('a recording ends with its scope, also when the link is lost in the moment in which it does', async t => {
  const sim = simulate(t)
  const caller = sim.call(
    flow(async call => {
      await call.answer()
      {
        await using _tape = await call.recording()
        await call.play('ivr/this-is-recorded')
        queueMicrotask(() => sim.switch.dropConnections(link => link.outbound))
      }
      await call.play('ivr/this-is-not')
      return 'through'
    }),
  )
  await caller.hears('ivr/this-is-not')
  assert.deepEqual(
    sim.switch.recordings.map(({ stoppedAt }) => stoppedAt !== undefined),
    [true],
  )
  assert.equal(await caller.outcome(), 'through')
})

test('a message that ended while nobody drove the call is kept as it is', async t => {
  const sim = simulate(t)
  let length = 0
  const caller = sim.call(
    flow(async call => {
      await call.answer()
      await call.play('ivr/after-the-tone')
      length = (await call.record({ silence: '1s' })).length
      await call.play('ivr/thank-you')
      return 'through'
    }),
  )
  await caller.hears('ivr/after-the-tone')
  sim.switch.faults.withhold(event => event.name === 'RECORD_STOP')
  await sim.advance('6s')
  sim.switch.dropConnections(link => link.outbound)
  assert.equal(await caller.outcome(), 'through')
  assert.equal(sim.switch.recordings.length, 1, 'a second one would be written over the first')
  assert.equal(length, 1_000)
})
