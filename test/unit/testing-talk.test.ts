/** The simulated FreeSWITCH when two legs talk: the recipe, its races, and what happens to either side. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Person } from '../../src/testing/index.ts'
import { beforeTalk, Link } from './testing-node.ts'

const talking = (a: Person, b: Person) => a.talksWith === b && b.talksWith === a

test('a talk begins within 80 ms, and only the first leg tells of it', async () => {
  const { clock, sim, one, caller, agent, talk } = await beforeTalk()
  const began = clock.monotonic()
  talk()
  await clock.runUntil(() => talking(caller, agent), 80)
  assert.ok(clock.monotonic() - began >= 10)
  await clock.advance(60)
  const [ofCaller, ofAgent] = one.calls.map(call => call.said)
  const states = ['CHANNEL_STATE', 'CHANNEL_STATE', 'CHANNEL_STATE']
  assert.deepEqual(ofCaller!.slice(-8), [
    'CHANNEL_EXECUTE_COMPLETE endless_playback PLAYBACK ERROR',
    'CHANNEL_UNPARK',
    'CHANNEL_EXECUTE_COMPLETE socket PLAYBACK ERROR',
    ...states,
    'CHANNEL_EXECUTE uuid_bridge',
    'CHANNEL_BRIDGE',
  ])
  assert.ok(!ofAgent!.includes('CHANNEL_BRIDGE') && ofAgent!.includes('CHANNEL_EXECUTE uuid_bridge'))
  await sim.close()
})

test('a talk outlives the death of the node that made it; when the agent leaves, the caller is at the door', async () => {
  const { clock, sim, one, two, link, caller, agent, talk } = await beforeTalk()
  talk()
  await clock.advance(200)
  one.die()
  await clock.advance(30_000)
  assert.ok(talking(caller, agent))
  const left = clock.monotonic()
  agent.hangUp()
  await clock.advance(100)
  assert.ok(two.last.at - left <= 40, `${two.last.at - left} ms`)
  assert.equal(two.last.uuid, caller.uuid)
  assert.equal(two.last.variables.get('bridge_hangup_cause'), 'NORMAL_CLEARING')
  assert.equal(two.last.variables.get('last_bridge_to'), agent.uuid)
  assert.equal(two.last.variables.get('transfer_after_bridge'), undefined, 'used up')
  assert.equal(two.last.variables.get('socket_resume'), 'true', 'set by the entry extension')
  const short = caller.uuid.slice(0, 8)
  const [agentShort] = [agent.uuid.slice(0, 8)]
  assert.deepEqual(link.events, [
    `CHANNEL_BRIDGE ${short}`,
    `CHANNEL_HANGUP ${agentShort}`,
    `CHANNEL_HANGUP_COMPLETE ${agentShort}`,
    `CHANNEL_UNBRIDGE ${short}`,
  ])
  await sim.close()
})

test('when the caller leaves a talk the agent is hung up with NORMAL_CLEARING', async () => {
  const { clock, sim, link, caller, agent, talk } = await beforeTalk()
  talk()
  await clock.advance(1_000)
  caller.hangUp()
  await clock.advance(200)
  assert.equal(agent.cause, 'NORMAL_CLEARING')
  const [c, a] = [caller, agent].map(person => person.uuid.slice(0, 8))
  assert.deepEqual(link.events.slice(1), [
    `CHANNEL_HANGUP ${c}`,
    `CHANNEL_HANGUP ${a}`,
    `CHANNEL_HANGUP_COMPLETE ${a}`,
    `CHANNEL_UNBRIDGE ${c}`,
    `CHANNEL_HANGUP_COMPLETE ${c}`,
  ])
  await sim.close()
})

test('an agent with a way back comes back to the door when the caller leaves', async () => {
  const { clock, sim, one, caller, agent, agentUuid, talk } = await beforeTalk()
  talk({ back: true })
  await clock.advance(1_000)
  const before = one.calls.length
  caller.hangUp()
  await clock.advance(200)
  assert.equal(agent.state, 'up')
  assert.equal(one.calls.length, before + 1)
  assert.equal(one.last.uuid, agentUuid)
  await sim.close()
})

test('a talk with socket_resume is cut by the node’s death: the caller is back, the agent silent for ever, until rescued', async () => {
  const { clock, sim, one, two, link, caller, agent, agentUuid, talk } = await beforeTalk()
  talk({ resume: true })
  await clock.advance(1_000)
  one.die()
  await clock.advance(60_000)
  assert.equal(caller.talksWith, undefined)
  assert.deepEqual(
    two.calls.map(call => call.uuid),
    [caller.uuid],
  )
  assert.equal(agent.state, 'up')
  assert.equal(sim.locate(agentUuid)?.running, 'CS_RESET')
  await link.api(`uuid_transfer ${agentUuid} switchhook-leg XML switchhook`)
  await clock.advance(100)
  assert.equal(two.last.uuid, agentUuid)
  await sim.close()
})

test('a second agent takes the caller over without the caller passing the door', async () => {
  const { clock, sim, link, caller, agent, talk } = await beforeTalk()
  talk()
  await clock.advance(1_000)
  const bob = sim.world.at('user/bob', { answers: '1s' })
  const bobUuid = await link.agent('bob')
  link.talk(caller.uuid, bobUuid)
  await clock.advance(200)
  assert.equal(agent.cause, 'NORMAL_CLEARING')
  assert.ok(talking(caller, bob.last!))
  bob.last!.hangUp()
  await clock.advance(200)
  assert.equal(caller.state, 'up')
  await sim.close()
})

test('an agent may ask a colleague: the caller is at the door meanwhile, and can be given over', async () => {
  const { clock, sim, one, link, caller, agent, agentUuid, talk } = await beforeTalk()
  talk({ back: true })
  await clock.advance(1_000)
  const bob = sim.world.at('user/bob', { answers: '1s' })
  const bobUuid = await link.agent('bob')
  const calls = one.calls.length
  link.talk(agentUuid, bobUuid)
  await clock.advance(200)
  assert.ok(talking(agent, bob.last!))
  assert.equal(one.calls.length, calls + 1)
  assert.equal(one.last.uuid, caller.uuid)
  link.talk(caller.uuid, bobUuid)
  await clock.advance(200)
  assert.ok(talking(caller, bob.last!))
  assert.equal(one.last.uuid, agentUuid)
  await sim.close()
})

test('a held talk: both ends are told, and an agent who leaves while holding takes the caller along unless a way is set', async () => {
  for (const way of [false, true]) {
    const { clock, sim, link, caller, agent, agentUuid, talk } = await beforeTalk()
    talk()
    await clock.advance(1_000)
    if (way) await link.api(`uuid_setvar ${agentUuid} hold_hangup_xfer_exten switchhook-welcome:XML:switchhook`)
    assert.equal(await link.api(`uuid_hold ${agentUuid}`), '+OK Success')
    assert.equal(sim.locate(agentUuid)?.callState, 'HELD')
    agent.hangUp()
    await clock.advance(300)
    assert.equal(caller.state, way ? 'up' : 'gone')
    await sim.close()
  }
})

test('a parked agent’s leg needs no node between calls, and park_after_bridge is not used up', async () => {
  const { clock, sim, one, link, caller } = await beforeTalk()
  const bob = sim.world.at('user/bob', { answers: '1s' })
  const uuid = (await link.api('originate {ignore_early_media=true,park_after_bridge=true}user/bob &park()')).replace(
    '+OK ',
    '',
  )
  for (let talks = 0; talks < 3; talks++) {
    link.talk(caller.uuid, uuid)
    await clock.advance(1_000)
    assert.ok(talking(caller, bob.last!))
    assert.equal(await link.api(`uuid_transfer ${caller.uuid} switchhook-welcome XML switchhook`), '+OK')
    await clock.advance(500)
    assert.equal(sim.locate(uuid)?.running, 'CS_PARK')
  }
  one.die()
  await clock.advance(500)
  assert.equal(bob.last!.state, 'up')
  await sim.close()
})

test('a recording goes on through talk, death and door: one file, one start, one stop', async () => {
  const { clock, sim, one, caller, agent, talk } = await beforeTalk()
  const watch = new Link(sim, clock, 'RECORD_START RECORD_STOP')
  assert.equal(await watch.api(`uuid_record ${caller.uuid} start /rec/a.wav`), '+OK Success')
  assert.equal(await watch.api(`uuid_record ${caller.uuid} start /rec/a.wav`), '+OK Success')
  talk()
  await clock.advance(2_000)
  one.die()
  assert.equal(await watch.api(`uuid_record ${caller.uuid} mask /rec/a.wav`), '+OK Success')
  agent.hangUp()
  await clock.advance(2_000)
  assert.match(
    await watch.api(`uuid_buglist ${caller.uuid}`),
    /<function>session_record<\/function>\n {2}<target>\/rec\/a\.wav/,
  )
  caller.hangUp()
  await clock.advance(1_000)
  assert.deepEqual(
    watch.events.map(event => event.split(' ')[0]),
    ['RECORD_START', 'RECORD_STOP'],
  )
  assert.deepEqual(
    sim.recordings.map(({ path, changes }) => [path, changes.map(({ what }) => what)]),
    [['/rec/a.wav', ['mask']]],
  )
  await sim.close()
})
