/** Agents who are called once and stay on the line for the leads, whichever node called them. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { MemoryAgents } from '../../src/agent/memory-roster.ts'
import { rosterOver } from '../../src/agent/roster.ts'
import { SwitchError } from '../../src/base/errors.ts'
import { silentLog } from '../../src/base/log.ts'
import { Switch, Switchboard } from '../../src/call/switchboard.ts'
import { Floor } from '../../src/campaign/floor.ts'
import { NailedAgents } from '../../src/campaign/nailed.ts'
import type { ApiText } from '../../src/esl/api.ts'
import type { Commands } from '../../src/esl/client.ts'
import { SwitchEvent } from '../../src/esl/event.ts'
import type { EventLink } from '../../src/esl/events.ts'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'
import { Carrier } from '../contract/campaign-carrier.ts'

/** Alice, her telephone, and nodes that dial campaigns. */
async function house() {
  const clock = new VirtualClock()
  const carrier = new Carrier()
  /** The variables that were changed on legs. */
  const changed: string[] = []
  const commands: Commands = {
    ...carrier.commands,
    async run(text) {
      if (!text.startsWith('uuid_setvar ')) return carrier.commands.run(text)
      changed.push(text)
      return '+OK'
    },
  }
  const events = Object.assign(carrier.events, {
    ask: async (text: ApiText) => (text === 'status' ? 'FreeSWITCH is ready' : commands.run(text)),
    submit: () => Promise.reject(new SwitchError('SWITCH_REFUSED', 'nothing to recover')),
  }) as unknown as EventLink
  const roster = rosterOver(new MemoryAgents())
  const living = new Set<string>()
  const node = (name: string) => {
    const facts = { core: carrier.core, version: '1.10.12', recordings: '/tmp' }
    const switchboard = new Switchboard()
    switchboard.add(new Switch({ name: 'fs', commands, events, facts, clock, log: silentLog }))
    const floor = new Floor(roster, clock, silentLog)
    living.add(name)
    const isAlive = (other: string) => living.has(other)
    const othersDial = () => [...living].some(other => other !== name)
    const nailed = new NailedAgents({ switchboard, roster, floor, clock, log: silentLog, node: name, isAlive, othersDial })
    /** As kill -9. */
    const dies = () => {
      living.delete(name)
      floor.close()
    }
    return { nailed, dies }
  }
  const { nailed, dies } = node('a')
  const queues = [{ queue: 'sales', level: 1, position: 1 }]
  await roster.put({ name: 'alice', endpoint: 'user/1001', wrapUpMs: 10_000, ringForMs: 20_000, queues }, clock.now())
  carrier.behaviour = () => 'answers'
  const ready = async () => {
    await roster.setStatus('alice', 'ready', clock.now())
    await clock.settle()
  }
  const talks = async () => {
    const epoch = (await roster.reserve('alice', randomUUID(), clock.now(), 10_000))!
    await roster.advance('alice', epoch, 'talking', clock.now())
    return () => roster.release('alice', epoch, 'talked', clock.now())
  }
  const answers = (uuid: string) => carrier.events.emit('event', new SwitchEvent(`Event-Name: CHANNEL_ANSWER\nUnique-ID: ${uuid}\n`))
  return { clock, carrier, answers, changed, roster, node, nailed, dies, living, ready, talks, look: () => roster.get('alice', clock.now()) }
}

test('an agent who is ready is called for a campaign, waits parked at the switch and is free', async () => {
  const { clock, carrier, nailed, ready, look } = await house()
  await ready()
  assert.equal(carrier.dialled.length, 0) // nobody needs them yet
  using _ = nailed.need('sales')
  await clock.settle()
  const alice = await look()
  assert.deepEqual([alice?.state, alice?.nailed?.leg, alice?.nailed?.node], ['idle', carrier.dialled[0]!.uuid, 'a'])
  assert.equal(nailed.count, 1)
  assert.match(carrier.dialled[0]!.text, /^originate \{[^}]*park_after_bridge=true[^}]*\}user\/1001 &park\(\)$/)
})

test('while the phone rings no queue can promise the agent to anybody, and the leg is written down already', async () => {
  const { clock, carrier, roster, nailed, ready, look } = await house()
  carrier.behaviour = () => 'rings'
  using _ = nailed.need('sales')
  await ready()
  const alice = await look()
  assert.deepEqual([alice?.state, alice?.nailed?.leg], ['ringing', carrier.dialled[0]!.uuid])
  assert.equal(await roster.reserve('alice', randomUUID(), clock.now(), 10_000), null)
})

test('an agent who does not answer three times is sent on a break', async () => {
  const { clock, carrier, nailed, ready, look } = await house()
  carrier.behaviour = () => 'no-answer'
  using _ = nailed.need('sales')
  await ready()
  assert.deepEqual([carrier.dialled.length, (await look())?.nailed], [1, null])
  await clock.advance(9_000)
  assert.equal(carrier.dialled.length, 1) // the rest
  await clock.advance(60_000)
  const alice = await look()
  assert.deepEqual([carrier.dialled.length, alice?.status, alice?.reason], [3, 'break', 'no answer'])
  carrier.behaviour = () => 'answers'
  await ready()
  assert.equal(nailed.count, 1)
})

test('an agent who answers is forgiven the calls that they did not answer before', async () => {
  const { clock, carrier, nailed, ready, look } = await house()
  carrier.behaviour = () => (carrier.dialled.length < 3 ? 'no-answer' : 'answers')
  using _ = nailed.need('sales')
  await ready()
  await clock.advance(60_000)
  const alice = await look()
  assert.deepEqual([carrier.dialled.length, alice?.noAnswers, nailed.count], [3, 0, 1])
})

test('an agent whose line drops is called again after a moment, and one who logs out is let go', async () => {
  const { clock, carrier, roster, nailed, ready, look } = await house()
  using _ = nailed.need('sales')
  await ready()
  carrier.hangUp(carrier.dialled[0]!.uuid)
  await clock.advance(4_000)
  assert.deepEqual([(await look())?.nailed, nailed.count, carrier.dialled.length], [null, 0, 1])
  await clock.advance(10_000)
  assert.deepEqual([nailed.count, carrier.dialled.length], [1, 2])
  await roster.setStatus('alice', 'break', clock.now(), 'lunch')
  await clock.settle()
  assert.equal(nailed.count, 1) // a break is taken on the line
  await roster.setStatus('alice', 'logged-out', clock.now())
  await clock.settle()
  assert.deepEqual([carrier.legs.size, nailed.count, (await look())?.nailed], [0, 0, null])
  await clock.advance(60_000)
  assert.equal(carrier.dialled.length, 2)
})

test('when no campaign needs them any more agents are let go, but no talk is cut', async () => {
  const { clock, carrier, nailed, ready, talks } = await house()
  const need = nailed.need('sales')
  await ready()
  const over = await talks()
  need[Symbol.dispose]()
  await clock.settle()
  assert.equal(carrier.legs.size, 1)
  await over()
  await clock.settle()
  assert.equal(carrier.legs.size, 0)
})

test('an agent whom a node that died had on the line stays on it, and is called only when they leave', async () => {
  const { clock, carrier, roster, nailed, ready, look } = await house()
  const leg = randomUUID()
  await roster.nail('alice', { leg, node: 'dead' }, clock.now())
  carrier.legs.add(leg)
  using _ = nailed.need('sales')
  await ready()
  assert.deepEqual([nailed.count, carrier.dialled.length, (await look())?.nailed?.node], [1, 0, 'a'])
  carrier.hangUp(leg)
  await clock.advance(1_000)
  assert.deepEqual([nailed.count, (await look())?.nailed], [0, null])
  await clock.advance(5_000)
  assert.deepEqual([nailed.count, carrier.dialled.length], [1, 1])
})

test('an agent who talks when their node dies is looked after by the next one', async () => {
  const { clock, carrier, node, nailed, dies, ready, talks, look } = await house()
  nailed.need('sales')
  await ready()
  const over = await talks()
  dies()
  const b = node('b')
  using _ = b.nailed.need('sales')
  await clock.settle()
  assert.deepEqual([b.nailed.count, (await look())?.nailed?.node], [1, 'b'])
  await over()
  await clock.advance(11_000)
  assert.deepEqual([carrier.dialled.length, (await look())?.state], [1, 'idle'])
})

test('a record of a leg that is gone is corrected, and the agent is called at once', async () => {
  const { clock, carrier, roster, nailed, ready, look } = await house()
  await roster.nail('alice', { leg: randomUUID(), node: 'dead' }, clock.now())
  using _ = nailed.need('sales')
  await ready()
  assert.deepEqual([nailed.count, (await look())?.nailed?.leg], [1, carrier.dialled[0]!.uuid])
})

test('the node dies while the phone rings: it rings on, once, and the agent is on the line of the next node', async () => {
  const { clock, carrier, answers, node, nailed, dies, ready, look } = await house()
  carrier.behaviour = () => 'rings'
  nailed.need('sales')
  await ready()
  dies()
  const b = node('b')
  using _ = b.nailed.need('sales')
  await clock.settle()
  const { uuid } = carrier.dialled[0]!
  assert.deepEqual([(await look())?.state, (await look())?.nailed?.node], ['ringing', 'b'])
  answers(uuid)
  await clock.advance(500)
  const alice = await look()
  assert.deepEqual([alice?.state, alice?.nailed?.leg, b.nailed.count, carrier.dialled.length], ['idle', uuid, 1, 1])
})

test('a node that goes leaves its agents to the node that needs them next, and nobody is called twice', async () => {
  const { clock, carrier, node, nailed, dies, ready, look } = await house()
  const need = nailed.need('sales')
  await ready()
  const b = node('b')
  need[Symbol.dispose]() // the campaign is for others
  await nailed.close('stay')
  dies()
  const needed = b.nailed.need('sales')
  await clock.advance(30_000)
  assert.deepEqual([carrier.dialled.length, carrier.legs.size, (await look())?.nailed?.node], [1, 1, 'b'])
  needed[Symbol.dispose]()
  await clock.settle()
  assert.equal(carrier.legs.size, 0)
})

test('a node that goes while a phone rings leaves that to the others, too', async () => {
  const { clock, carrier, answers, node, nailed, ready, look } = await house()
  carrier.behaviour = () => 'rings'
  nailed.need('sales')
  await ready()
  const b = node('b')
  using _ = b.nailed.need('sales')
  await nailed.close('stay')
  await clock.settle()
  assert.deepEqual([carrier.legs.size, carrier.dialled.length, (await look())?.nailed?.node], [1, 1, 'b'])
  answers(carrier.dialled[0]!.uuid)
  await clock.advance(500)
  assert.deepEqual([(await look())?.state, b.nailed.count], ['idle', 1])
})

test('when two nodes need the same agents, the one that has called them does not hang up on the other', async () => {
  const { clock, carrier, node, nailed, ready, look } = await house()
  const [here, b] = [nailed.need('sales'), node('b')]
  using _ = b.nailed.need('sales')
  await ready()
  assert.equal(carrier.dialled.length, 1)
  here[Symbol.dispose]()
  await clock.advance(30_000)
  assert.deepEqual([carrier.legs.size, carrier.dialled.length, (await look())?.nailed?.node, nailed.count, b.nailed.count], [1, 1, 'b', 0, 1])
})

test('an agent whom no other node takes is let go after ten seconds', async () => {
  const { clock, carrier, node, nailed, ready } = await house()
  const need = nailed.need('sales')
  node('b')
  await ready()
  need[Symbol.dispose]()
  await clock.advance(9_000)
  assert.equal(carrier.legs.size, 1)
  await clock.advance(2_000)
  assert.equal(carrier.legs.size, 0)
})

test('an agent whom a dead node has left on the line, and whom nobody needs, is let go', async () => {
  const { clock, carrier, node, nailed, dies, ready, look } = await house()
  nailed.need('sales')
  await ready()
  const b = node('b')
  await clock.settle()
  b.nailed.lookAfterTheirs()
  await clock.settle()
  assert.equal(carrier.legs.size, 1) // its node lives
  dies()
  b.nailed.lookAfterTheirs()
  await clock.settle()
  assert.deepEqual([carrier.legs.size, (await look())?.nailed], [0, null])
})

test('when the last node goes agents are let go, and who talks goes after the talk', async () => {
  const { clock, carrier, changed, roster, nailed, ready, talks, look } = await house()
  const need = nailed.need('sales')
  await ready()
  const queues = [{ queue: 'sales', level: 1, position: 1 }]
  await roster.put({ name: 'bob', endpoint: 'user/1002', wrapUpMs: 0, ringForMs: 20_000, queues }, clock.now())
  await roster.setStatus('bob', 'ready', clock.now())
  await clock.settle()
  assert.equal(carrier.legs.size, 2)
  await talks()
  need[Symbol.dispose]()
  await nailed.close('let-go')
  const alice = (await look())?.nailed?.leg
  assert.deepEqual([...carrier.legs], [alice])
  assert.deepEqual(changed, [`uuid_setvar ${alice} park_after_bridge`])
  assert.equal((await roster.get('bob', clock.now()))?.nailed, null)
})

test('a switch that was started anew has nobody on the line: they are called again', async () => {
  const { clock, carrier, nailed, ready, look } = await house()
  using _ = nailed.need('sales')
  await ready()
  const { uuid } = carrier.dialled[0]!
  carrier.legs.clear()
  carrier.events.emit('down', new Error('gone'))
  carrier.events.emit('up', { core: randomUUID(), version: '1.10.12', recordings: '/tmp' })
  await clock.advance(6_000)
  assert.deepEqual([carrier.dialled.length, nailed.count], [2, 1])
  assert.notEqual((await look())?.nailed?.leg, uuid)
})
