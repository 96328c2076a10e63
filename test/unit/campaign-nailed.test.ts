/** Agents who are called once and stay on the line for the leads. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { NailedLeg } from '../../src/campaign/nailed-leg.ts'
import { NailedLegs } from '../../src/campaign/nailed-legs.ts'
import { newUuid } from '../../src/esl/safe-text.ts'
import { Carrier } from '../contract/campaign-carrier.ts'
import { rig } from './nailed-rig.ts'

test('an agent who is ready is called for a campaign, waits parked at the switch and is free', async () => {
  const { clock, carrier, nailed, ready, look } = await rig()
  await ready()
  assert.equal(carrier.dialled.length, 0) // no campaign needs them yet
  using _ = nailed.need('sales')
  await clock.settle()
  const alice = await look()
  assert.deepEqual([alice?.state, alice?.nailed?.leg, alice?.nailed?.node], ['idle', carrier.dialled[0]!.uuid, 'a'])
  assert.equal(nailed.count, 1)
  assert.match(carrier.dialled[0]!.text, /^originate \{[^}]*park_after_bridge=true[^}]*\}user\/1001 &park\(\)$/)
})

test('an agent who stays on the line is called when ready, without any campaign, and let go when logged out', async () => {
  const { clock, carrier, roster, nailed, ready, look } = await rig()
  await roster.put({ ...(await look())!, staysOnLine: true }, clock.now())
  await clock.settle()
  assert.equal(carrier.dialled.length, 0, 'not before the agent is ready')
  await ready()
  assert.equal((await look())?.nailed?.leg, carrier.dialled[0]!.uuid)
  await clock.advance(60_000)
  assert.deepEqual([carrier.dialled.length, nailed.count], [1, 1])
  await roster.setStatus('alice', 'break', clock.now())
  await clock.advance(60_000)
  assert.equal(nailed.count, 1, 'on a break the line stays')
  await roster.setStatus('alice', 'logged-out', clock.now())
  await clock.advance(1_000)
  assert.deepEqual([nailed.count, (await look())?.nailed], [0, null])
})

test('an agent who takes no leads is not called for a campaign, and no lead is dialled for such an agent', async () => {
  const { clock, carrier, roster, nailed, mirror, ready, look } = await rig()
  await roster.put({ ...(await look())!, takesLeads: false }, clock.now())
  using _ = nailed.need('sales')
  await ready()
  await clock.advance(60_000)
  assert.deepEqual([carrier.dialled.length, nailed.count], [0, 0])
  // on the line all the same, for the callers of the queue
  await roster.put({ ...(await look())!, staysOnLine: true }, clock.now())
  await clock.advance(60_000)
  assert.deepEqual([nailed.count, mirror.free('sales').length], [1, 0])
  await roster.put({ ...(await look())!, takesLeads: true }, clock.now())
  await clock.settle()
  assert.deepEqual(
    mirror.free('sales').map(({ name }) => name),
    ['alice'],
  )
})

test('of two nodes one calls an agent who stays on the line, and the other one has the agent when that one dies', async () => {
  const { clock, carrier, roster, node, dies, ready, look } = await rig()
  const b = node('b')
  await roster.put({ ...(await look())!, staysOnLine: true }, clock.now())
  await ready()
  await clock.advance(1_000)
  assert.equal(carrier.dialled.length, 1)
  dies()
  b.nailed.lookAfterTheirs()
  await clock.advance(60_000)
  assert.deepEqual([carrier.dialled.length, b.nailed.count], [1, 1])
  assert.equal((await look())?.nailed?.leg, carrier.dialled[0]!.uuid)
})

test('while the phone rings no queue can promise the agent to anybody, and the leg is written down already', async () => {
  const { clock, carrier, roster, nailed, ready, look } = await rig()
  carrier.behaviour = () => 'rings'
  using _ = nailed.need('sales')
  await ready()
  const alice = await look()
  assert.deepEqual([alice?.state, alice?.nailed?.leg], ['ringing', carrier.dialled[0]!.uuid])
  assert.equal(await roster.reserve('alice', randomUUID(), clock.now(), 10_000), null)
})

test('an agent who does not answer three times is sent on a break', async () => {
  const { clock, carrier, nailed, ready, look } = await rig()
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
  const { clock, carrier, nailed, ready, look } = await rig()
  carrier.behaviour = () => (carrier.dialled.length < 3 ? 'no-answer' : 'answers')
  using _ = nailed.need('sales')
  await ready()
  await clock.advance(60_000)
  const alice = await look()
  assert.deepEqual([carrier.dialled.length, alice?.noAnswers, nailed.count], [3, 0, 1])
})

test('an agent whose line drops is called again after a moment, and one who logs out is let go', async () => {
  const { clock, carrier, roster, nailed, ready, look } = await rig()
  using _ = nailed.need('sales')
  await ready()
  carrier.hangUp(carrier.dialled[0]!.uuid)
  await clock.advance(4_000)
  assert.deepEqual([(await look())?.nailed, nailed.count, carrier.dialled.length], [null, 0, 1])
  await clock.advance(10_000)
  assert.deepEqual([nailed.count, carrier.dialled.length], [1, 2])
  await roster.setStatus('alice', 'break', clock.now(), 'lunch')
  await clock.settle()
  assert.equal(nailed.count, 1) // the agent takes a break on the line
  await roster.setStatus('alice', 'logged-out', clock.now())
  await clock.settle()
  assert.deepEqual([carrier.legs.size, nailed.count, (await look())?.nailed], [0, 0, null])
  await clock.advance(60_000)
  assert.equal(carrier.dialled.length, 2)
})

test('when no campaign needs them any more agents are let go, but no talk is cut', async () => {
  const { clock, carrier, nailed, ready, talks } = await rig()
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

test('an agent whom the switch could not be told to hang up on is hung up on when it can', async () => {
  const { clock, carrier, link, nailed, ready, look } = await rig()
  const need = nailed.need('sales')
  await ready()
  link.down = true
  need[Symbol.dispose]()
  await clock.advance(3_000)
  assert.equal(carrier.legs.size, 1)
  link.down = false
  await clock.advance(1_000)
  assert.deepEqual([carrier.legs.size, nailed.count, (await look())?.nailed], [0, 0, null])
})

test('an agent who is on the line though the record says otherwise is written down again, and not called a second time', async () => {
  const { clock, carrier, roster, nailed, ready, look } = await rig()
  using _ = nailed.need('sales')
  await ready()
  await roster.nail('alice', null, clock.now())
  await clock.advance(10_000)
  const alice = await look()
  assert.deepEqual(
    [alice?.nailed?.leg, alice?.nailed?.node, carrier.dialled.length],
    [carrier.dialled[0]!.uuid, 'a', 1],
  )
})

test('a line whose end others have heard of first is not written down again', async () => {
  const { clock, carrier, roster, nailed, ready, look } = await rig()
  using _ = nailed.need('sales')
  await ready()
  carrier.legs.delete(carrier.dialled[0]!.uuid)
  await roster.nail('alice', null, clock.now())
  await clock.advance(1_000)
  assert.equal((await look())?.nailed, null)
})

for (const how of ['answers', 'does not answer'] as const) {
  test(`an agent who came on another line meanwhile and ${how} stays on that one`, async () => {
    const { clock, carrier, answers, roster, node, nailed, ready, look } = await rig()
    node('b')
    carrier.behaviour = () => 'rings'
    using _ = nailed.need('sales')
    await ready()
    const [{ uuid }, other] = [carrier.dialled[0]!, randomUUID()]
    carrier.legs.add(other)
    await roster.nail('alice', { leg: other, node: 'b' }, clock.now()) // by a node that took this one for dead
    if (how === 'answers') answers(uuid)
    else carrier.hangUp(uuid, 'NO_ANSWER')
    await clock.advance(2_000)
    const alice = await look()
    assert.deepEqual([alice?.nailed?.leg, alice?.nailed?.node, [...carrier.legs]], [other, 'b', [other]])
  })
}

test('a record of a leg that is gone is corrected, and the agent is called at once', async () => {
  const { clock, carrier, roster, nailed, ready, look } = await rig()
  await roster.nail('alice', { leg: randomUUID(), node: 'dead' }, clock.now())
  using _ = nailed.need('sales')
  await ready()
  assert.deepEqual([nailed.count, (await look())?.nailed?.leg], [1, carrier.dialled[0]!.uuid])
})

test('a switch that was started anew has nobody on the line: they are called again', async () => {
  const { clock, carrier, nailed, ready, look } = await rig()
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

test('an agent whose endpoint cannot be dialled is sent on a break', async () => {
  const { clock, carrier, roster, nailed, ready, look } = await rig()
  await roster.put({ ...(await look())!, endpoint: 'nonsense' }, clock.now())
  using _ = nailed.need('sales')
  await ready()
  const alice = await look()
  assert.deepEqual(
    [carrier.dialled.length, alice?.status, alice?.reason, alice?.nailed],
    [0, 'break', 'bad endpoint', null],
  )
})

test('of two switches the next agent is called on the one on which most of them wait, unless it is away or has enough', () => {
  const [one, two] = [new Carrier(), new Carrier()]
  const [few, many] = [one.link('few'), two.link('many')]
  const nailedLegs = new NailedLegs()
  const next = () => nailedLegs.homeOfNext([few, many])?.name ?? null
  for (const [name, home] of [
    ['alice', few],
    ['bob', many],
    ['carol', many],
  ] as const)
    nailedLegs.keep(name, new NailedLeg(newUuid(), home))
  assert.equal(next(), 'many')
  for (let n = 0; n < 198; n++) nailedLegs.keep(`more-${n}`, new NailedLeg(newUuid(), many))
  assert.equal(next(), 'few', 'the other one has 200')
  for (let n = 0; n < 200; n++) nailedLegs.keep(`others-${n}`, new NailedLeg(newUuid(), few))
  assert.equal(next(), 'many', 'both have 200 or more: 201 and 200')
  two.events.emit('down', new Error('gone'))
  assert.equal(next(), 'few')
  one.events.emit('down', new Error('gone'))
  assert.equal(next(), null)
  for (const [name, nailedLeg] of nailedLegs) nailedLegs.forget(name, nailedLeg)
  assert.equal(nailedLegs.size, 0)
})
