/** Modes that dial more leads than agents are free, with real stores. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DialStatuses } from '../../src/campaign/dial-status.ts'
import { takeLease } from '../../src/campaign/lease.ts'
import { savedPacers } from '../../src/store/pacers.ts'
import { openCampaignRig, until } from './campaign-rig.ts'

test('the mode ratio dials three leads for each free agent, and one more for each that ends', async t => {
  const { carrier, dial, agents, campaign } = await openCampaignRig(t)
  carrier.behaviour = () => 'rings'
  await agents(4)
  const dialer = await dial('a', await campaign({ mode: 'ratio', callsPerAgent: 3 }, 40))
  await until(() => carrier.dialled.length === 12)
  await until(() => carrier.legs.size === 12 && dialer.last?.seen.wanted === 0)
  for (const { uuid } of carrier.dialled.slice(0, 2)) carrier.hangUp(uuid, 'USER_BUSY')
  await until(() => carrier.dialled.length === 14)
  await until(() => dialer.last?.seen.wanted === 0)
  assert.equal(carrier.dialled.length, 14)
})

test('a node that takes a campaign over counts the calls that its predecessor has under way', async t => {
  const { sql, carrier, dial, agents, campaign } = await openCampaignRig(t)
  carrier.behaviour = () => 'rings'
  await agents(2)
  const spring = await campaign({ mode: 'ratio', callsPerAgent: 3 }, 40)
  const first = await dial('a', spring)
  await until(async () => {
    const [row] = await sql<[{ n: number }]>`select count(*) as n from attempts where state in ('sent', 'ringing')`
    return row.n === 6
  })
  await first.stop()
  const second = await dial('b', spring)
  await until(() => second.last?.decision.why === 'ratio')
  assert.equal(second.last!.seen.wanted, 0)
  assert.equal(carrier.dialled.length, 6, 'nobody is dialled for the agents of ringing telephones')
  carrier.hangUp(carrier.dialled[0]!.uuid, 'USER_BUSY')
  await until(() => carrier.dialled.length === 7)
})

test('what a predictive campaign has learned is kept for the next node that dials it', async t => {
  const { sql, carrier, dial, agents, campaign } = await openCampaignRig(t)
  carrier.behaviour = phone => (Number(phone.at(-1)) < 5 ? 'busy' : 'no-answer')
  await agents(3)
  const spring = await campaign({ mode: 'predictive' }, 30)
  const dialer = await dial('a', spring)
  await until(() => carrier.dialled.length === 30)
  await until(() => dialer.last?.decision.why === 'no-leads')
  assert.equal(dialer.last!.figures!.budgetUsed, 0)
  await dialer.stop()
  const saved = await savedPacers(sql, spring.id)
  assert.deepEqual([...saved.keys()], ['fs'])
  assert.ok(saved.get('fs')!.includes('"v":1'), 'the record has its version')
})

test('a law that a supervisor changes counts for the next decision of a running campaign', async t => {
  const { carrier, node, dial, agents, campaign } = await openCampaignRig(t)
  carrier.behaviour = () => 'rings'
  await agents(2)
  const spring = await campaign({ mode: 'predictive' }, 20)
  const rig = await node('a')
  const asked: (number | undefined)[] = []
  const { lawOf } = rig
  rig.lawOf = of => {
    asked.push(of.law.maxAbandoned)
    return lawOf(of)
  }
  const dialer = await dial('a', spring, rig)
  await until(() => asked.length > 0)
  dialer.campaign = { ...spring, law: { ...spring.law, maxAbandoned: 0.01 } }
  await until(() => asked.at(-1) === 0.01)
  await dialer.stop()
})

test('what was decided last is told by the node that has the lease, and by no other', async t => {
  const { node, carrier, dial, agents, campaign } = await openCampaignRig(t)
  carrier.behaviour = () => 'rings'
  await agents(2)
  const spring = await campaign({}, 5)
  const rig = await node('a')
  await dial('a', spring, rig)
  const statuses = new DialStatuses(rig.home)
  await until(() => carrier.dialled.length === 2)
  assert.equal(await statuses.read(spring.id), null, 'a node without the lease decides nothing')
  const lease = await takeLease({ home: rig.home, campaign: spring, node: 'a', clock: rig.clock, log: rig.log })
  assert.ok(typeof lease !== 'number', 'the lease was free')
  const told = await until(() => statuses.read(spring.id))
  assert.deepEqual([told.node, told.mode, told.parts.length], ['a', 'progressive', 1])
  await lease.giveBack()
  assert.equal(await statuses.read(spring.id), null)
})
