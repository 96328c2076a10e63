/** Modes that dial more leads than agents are free, with real stores. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemClock } from '../../src/base/clock.ts'
import { DialStatuses } from '../../src/campaign/dial-status.ts'
import { takeLease } from '../../src/campaign/lease.ts'
import { LeadAnswers } from '../../src/campaign/pacing/lead-answers.ts'
import { settleAttempt } from '../../src/campaign/settle-attempt.ts'
import { savedPacing, savePacing } from '../../src/store/pacers.ts'
import { claimDue } from '../claim-due.ts'
import { claimOf } from './growth-calling-rules.ts'
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
  const { pacers } = await savedPacing(sql, spring.id)
  assert.deepEqual([...pacers.keys()], ['fs'])
  assert.ok(pacers.get('fs')!.includes('"v":1'), 'the record has its version')
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

test('what becomes of calls that no node follows teaches the next node who answers', async t => {
  const { sql, carrier, node, dial, agents, campaign } = await openCampaignRig(t)
  carrier.behaviour = () => 'rings'
  await agents(5)
  const spring = await campaign({ mode: 'predictive' }, 40)
  const first = await dial('a', spring)
  await until(() => carrier.dialled.length >= 5 && first.last?.decision.howMany === 0)
  await first.stop()
  const calls = carrier.dialled.map(({ uuid }) => uuid)
  const other = await node('b')
  const begun = await savedPacing(sql, spring.id)
  assert.equal(new LeadAnswers(begun.leads).learnedTo, 0, 'all of them rang still')
  // the flows on another node settle two of them, and FreeSWITCH has no more of the rest
  for (const uuid of calls.slice(0, 2)) await other.leads.settle(uuid, 'talked', { answeredAt: Date.now() })
  for (const uuid of calls.slice(2)) await other.leads.settle(uuid, 'no-answer')
  for (const uuid of calls) carrier.hangUp(uuid)
  await sql`update campaigns set state = 'paused' where id = ${spring.id}`
  const second = await dial('b', spring, other)
  await until(() => second.last !== null)
  await second.stop()
  const { leads } = await savedPacing(sql, spring.id)
  const record = JSON.parse(leads!) as { calls: number; answered: number }
  assert.deepEqual([Math.round(record.calls), Math.round(record.answered)], [calls.length, 2])
})

test('a number that was called before is told to the dialer with what became of the calls', async t => {
  const { sql, campaign } = await openCampaignRig(t)
  const spring = await campaign({}, 1)
  const [early, now] = [systemClock.now() - 7_200_000, systemClock.now()]
  for (const [n, end] of (['talked', 'no-answer', 'busy', null] as const).entries()) {
    const [one] = await claimDue(sql, { ...claimOf(spring.id, 1, now), now: now + n })
    if (end === null) {
      assert.equal(one!.before, 'busy,no-answer,answered', 'the newest first')
      continue
    }
    assert.equal(one!.before?.split(',').length ?? 0, n)
    await settleAttempt(sql, one!.attempt, end, {}, now + n)
    await sql`update leads set state = 'ready', next_at = ${new Date(early)} where id = ${one!.lead}`
  }
})

test('a node of the version before, which takes the first record for a new FreeSWITCH, never takes that of the leads', async t => {
  const { sql, campaign } = await openCampaignRig(t)
  const spring = await campaign()
  const name = 'freeswitch-1.call-centre.example:8021'
  await savePacing(sql, spring.id, { pacers: new Map([[name, '{"v":1}']]), leads: new LeadAnswers().saved })
  const [row] = await sql<[{ pacing: object }]>`select pacing from campaigns where id = ${spring.id}`
  assert.deepEqual([Object.keys(row.pacing)[0], Object.keys(row.pacing).length], [name, 2])
  await savePacing(sql, spring.id, { pacers: new Map([[name, '{"v":1,"mode":"predictive"}']]), leads: null })
  assert.equal(typeof (await savedPacing(sql, spring.id)).leads, 'string', 'it stays without a new one')
})

test('a campaign that becomes progressive counts the calls of its earlier mode until they are over, on every node', async t => {
  const { sql, carrier, dial, agents, campaign } = await openCampaignRig(t)
  carrier.behaviour = () => 'rings'
  await agents(4)
  const spring = await campaign({ mode: 'ratio', callsPerAgent: 3 }, 40)
  const first = await dial('a', spring)
  await until(() => carrier.legs.size === 12 && first.last?.seen.wanted === 0)
  const progressive = { ...spring, mode: 'progressive' } as const
  const earlier = carrier.dialled.map(({ uuid }) => uuid)
  first.campaign = progressive
  await until(() => first.last?.decision.why === 'agents')
  assert.equal(first.last!.seen.wanted, 0, 'twelve telephones ring for four agents')
  for (const uuid of earlier.slice(0, 9)) carrier.hangUp(uuid, 'USER_BUSY')
  await until(() => carrier.dialled.length === 13)
  await until(() => first.last?.seen.wanted === 0)
  assert.equal(carrier.dialled.length, 13, 'three calls of the earlier mode keep three agents free')
  await until(async () => {
    const [row] = await sql<[{ n: number }]>`select count(*) as n from attempts where state in ('sent', 'ringing')`
    return row.n === 4
  })
  await first.stop()
  const second = await dial('b', progressive)
  await until(() => second.last?.decision.why === 'agents')
  assert.equal(second.last!.seen.wanted, 0, 'the call with an agent of its own counts once')
  carrier.hangUp(earlier[9]!, 'USER_BUSY')
  await until(() => carrier.dialled.length === 14)
})

test('a call that FreeSWITCH refuses after the change of mode does not keep an agent free for ever', async t => {
  const { carrier, dial, agents, campaign } = await openCampaignRig(t)
  const { submit } = carrier.commands
  const held: (() => void)[] = []
  Object.assign(carrier.commands, {
    submit: (...command: Parameters<typeof submit>) =>
      new Promise<void>(resolve => held.push(() => resolve(submit(...command)))),
  })
  carrier.behaviour = () => 'refused'
  await agents(2)
  const spring = await campaign({ mode: 'ratio', callsPerAgent: 1 }, 20)
  const dialer = await dial('a', spring)
  await until(() => held.length === 2)
  dialer.campaign = { ...spring, mode: 'progressive' }
  await until(() => dialer.last?.decision.why === 'agents')
  assert.equal(dialer.last!.seen.wanted, 0, 'the commands are on their way')
  for (const send of held.splice(0)) send()
  await until(() => held.length === 2)
  carrier.behaviour = () => 'rings'
  for (const send of held) send()
  await until(() => carrier.legs.size === 2)
})
