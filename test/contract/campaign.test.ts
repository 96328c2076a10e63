/** Campaigns on real stores: nobody is called twice, no lead is lost, and no number of nodes exceeds a limit. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { systemClock, type Clock } from '../../src/base/clock.ts'
import { Leads } from '../../src/campaign/leads.ts'
import { CampaignOwner } from '../../src/campaign/campaign-owner.ts'
import { OverdueAttempts } from '../../src/campaign/overdue-attempts.ts'
import { commandCampaign } from '../../src/campaign/campaign-commands.ts'
import { attemptsOf, attemptWithId } from '../../src/store/attempts.ts'
import { campaignNamed } from '../../src/store/campaigns.ts'
import { countLeads, leadsOf } from '../../src/store/leads.ts'
import { addLead } from '../add-lead.ts'
import { claimDue } from '../claim-due.ts'
import { openCampaignRig, until } from './campaign-rig.ts'

const noAgents = { need: () => ({ [Symbol.dispose]() {} }) }

test('two hundred people are called by two dialers that both believe the campaign is theirs, and nobody twice', async t => {
  const { sql, carrier, dial, agents, campaign } = await openCampaignRig(t)
  await agents(40)
  carrier.behaviour = phone => (Number(phone) % 3 === 0 ? 'busy' : 'no-answer')
  const spring = await campaign({ maxAttempts: 1 }, 200)
  const dialers = [await dial('a', spring), await dial('b', spring)]
  await until(async () => (await campaignNamed(sql, 'spring'))?.state === 'done')
  await Promise.all(dialers.map(dialer => dialer.stop()))
  assert.equal(carrier.dialled.length, 200)
  assert.equal(new Set(carrier.dialled.map(one => one.phone)).size, 200)
  assert.deepEqual(await countLeads(sql, spring.id), { ready: 0, claimed: 0, done: 200 })
  const { text, uuid } = carrier.dialled[0]!
  assert.match(
    text,
    /ignore_early_media=true.*sofia\/gateway\/carrier\/\+49170\d+ switchhook-campaign-leg XML switchhook$/,
  )
  assert.match(text, new RegExp(`switchhook_attempt=${uuid},switchhook_campaign=${spring.id}`))
})

test('no more people are called than agents are free, whatever number of dialers there is', async t => {
  const { carrier, roster, dial, agents, campaign } = await openCampaignRig(t)
  await agents(3)
  carrier.behaviour = () => 'rings'
  const spring = await campaign({}, 20)
  const dialers = [await dial('a', spring), await dial('b', spring)]
  await until(() => carrier.dialled.length === 3 && dialers.every(dialer => dialer.last?.decision.why === 'agents'))
  await roster.setStatus('sales-0', 'break', systemClock.now())
  carrier.hangUp(carrier.dialled[0]!.uuid, 'USER_BUSY')
  carrier.hangUp(carrier.dialled[1]!.uuid, 'USER_BUSY')
  await until(() => carrier.dialled.length >= 4 && dialers.every(dialer => dialer.last?.decision.howMany === 0))
  await Promise.all(dialers.map(dialer => dialer.stop()))
  assert.ok(carrier.legs.size <= 3, `${carrier.legs.size} phones ring`)
})

test('a lead is called on the switch on which the agent for them waits, and not while that switch is away', async t => {
  const { carrier, second, node, dial, agents, campaign } = await openCampaignRig(t)
  await agents(3, 'sales', n => (n === 0 ? carrier : second))
  for (const one of [carrier, second]) one.behaviour = () => 'rings'
  const spring = await campaign({}, 10)
  const rig = await node('a')
  carrier.events.emit('down', new Error('gone'))
  const dialer = await dial('a', spring, rig)
  await until(() => second.dialled.length === 2 && dialer.last?.decision.howMany === 0)
  assert.equal(carrier.dialled.length, 0)
  carrier.events.emit('up', rig.switchboard.switches[0]!.facts)
  await until(() => carrier.dialled.length === 1 && dialer.last?.decision.howMany === 0)
  await dialer.stop()
  assert.deepEqual([carrier.dialled.length, second.dialled.length], [1, 2])
})

test('when leads could not be claimed the lines and agents that were granted for them are free again at once', async t => {
  const { sql, client, carrier, roster, dial, agents, campaign } = await openCampaignRig(t)
  const spring = await campaign({}, 5)
  const dialer = await dial('a', spring)
  await until(() => dialer.last?.decision.why === 'no-agents')
  await sql`alter table attempts rename to attempts_away`
  await agents(3)
  const starts = () => client.zcard(`sh:starts:campaign:${spring.id}`)
  await until(async () => (await starts()) === 3 && (await client.zcard('sh:lines')) === 0)
  await until(async () => (await roster.list(systemClock.now())).every(agent => agent.reservation === null))
  await sql`alter table attempts_away rename to attempts`
  await until(() => carrier.dialled.length > 0)
  await dialer.stop()
})

test('a node that PostgreSQL does not answer lets go of the campaign, and another one dials it', async t => {
  const { calls, roster, carrier, node, agents, campaign, closing } = await openCampaignRig(t)
  await agents(1)
  carrier.behaviour = () => 'rings'
  const [a, b] = [await node('a'), await node('b')]
  let silent = false
  const sql = new Proxy(a.leads.sql, {
    apply: (real, self, query) => (silent ? new Promise(() => {}) : Reflect.apply(real, self, query)),
  })
  const leads = new Leads({ sql, calls, capacity: a.capacity, roster, clock: a.clock, log: a.log, events: a.events })
  // the timeout of a turn passes at once
  const clock: Clock = { ...systemClock, after: (ms, fn) => systemClock.after(ms === 10_000 ? 50 : ms, fn) }
  const owners = [{ ...a, leads, clock }, b].map(
    rig => new CampaignOwner({ redis: rig === b ? b.home : a.home, context: rig, nailed: noAgents }),
  )
  closing.defer(() => void owners[0]!.close())
  closing.defer(() => owners[1]!.close())
  const spring = await campaign({}, 0)
  await addLead(a.leads.sql, spring.id, '+4917012345', systemClock.now() + 2_000) // node a has looked once by then
  owners[0]!.start()
  await until(() => owners[0]!.dialers.get('spring')?.last)
  owners[1]!.start()
  silent = true
  await until(() => carrier.dialled.length === 1)
  assert.deepEqual([owners[0]!.dialers.size, owners[1]!.dialers.has('spring')], [0, true])
})

test('a lead whose dialer died between the row and the call is never called on a guess: the switch is asked, twice', async t => {
  const { sql, carrier, node, campaign } = await openCampaignRig(t)
  const spring = await campaign({}, 1)
  const rig = await node('b')
  const now = systemClock.now()
  const claim = { campaign: spring.id, node: 'dead', gateway: 'carrier', core: carrier.core, now, until: now + 1_000 }
  const [claimed] = await claimDue(sql, { ...claim, ids: [randomUUID()] })
  const recovery = new OverdueAttempts(rig)
  carrier.legs.add(claimed!.attempt) // it rings, or they talk
  await recovery.run(spring, now + 2_000)
  assert.equal((await attemptWithId(sql, claimed!.attempt))?.state, 'intended')
  carrier.legs.clear()
  await recovery.run(spring, now + 400_000)
  assert.equal((await attemptWithId(sql, claimed!.attempt))?.state, 'intended')
  await recovery.run(spring, now + 800_000)
  const [lead] = await leadsOf(sql, spring.id, 1)
  const attempt = await attemptWithId(sql, claimed!.attempt)
  assert.deepEqual([attempt?.state, attempt?.disposition, attempt?.cause], ['ended', 'lost', 'LOST'])
  assert.deepEqual([lead?.state, lead?.attempts], ['ready', 1])
  assert.ok(lead!.nextAt.getTime() >= now + 1_800_000 - 1_000, String(lead!.nextAt))
  assert.equal(carrier.dialled.length, 0)
})

test('what a dead node left behind is found by the next one, without anybody asking', async t => {
  const { sql, carrier, dial, agents, campaign } = await openCampaignRig(t)
  await agents(1)
  const spring = await campaign({}, 1)
  const now = systemClock.now()
  const claim = { campaign: spring.id, node: 'dead', gateway: 'carrier', core: randomUUID(), now, until: now + 300 }
  await claimDue(sql, { ...claim, ids: [randomUUID()] })
  const dialer = await dial('b', spring)
  const [lead] = await leadsOf(sql, spring.id, 1)
  const claimedUntil = async () =>
    (await sql<[{ until: Date }]>`select claimed_until as until from leads`)[0].until.getTime()
  await until(async () => (await claimedUntil()) > now + 10_000) // missed once: asked again later
  await dialer.stop()
  assert.equal((await attemptsOf(sql, lead!.id)).length, 1)
  assert.equal(carrier.dialled.length, 0)
})

test('a lead who was busy is called again when the time has come, and the campaign ends with the last of them', async t => {
  const { sql, carrier, dial, agents, campaign } = await openCampaignRig(t)
  await agents(2)
  const spring = await campaign({ maxAttempts: 3, retry: { busy: { after: '1s' } } }, 2)
  const dialer = await dial('a', spring)
  await until(async () => (await campaignNamed(sql, 'spring'))?.state === 'done')
  await dialer.stop()
  assert.equal(carrier.dialled.length, 6)
  for (const lead of await leadsOf(sql, spring.id, 2)) {
    const attempts = await attemptsOf(sql, lead.id)
    const pauses = attempts
      .slice(1)
      .map((attempt, at) => attempt.intendedAt.getTime() - attempts[at]!.endedAt!.getTime())
    assert.ok(pauses.length === 2 && pauses.every(pause => pause >= 1_000), `called again after ${String(pauses)} ms`)
  }
})

test('a lead who answers belongs to the flow: it says how it was, and the line and the agent are free again', async t => {
  const { sql, carrier, roster, node, dial, agents, campaign } = await openCampaignRig(t, { lines: 1, cps: 1_000 })
  await agents(1)
  carrier.behaviour = () => 'answers'
  const spring = await campaign({ maxAttempts: 1 }, 2)
  const rig = await node('a')
  const other = (await node('b')).leads // the flow may run on any node
  const dialer = await dial('a', spring, rig)
  const uuid = await until(() => carrier.dialled[0]?.uuid)
  await until(async () => (await attemptWithId(sql, uuid))?.state === 'answered')
  const call = await other.attemptOf(uuid)
  assert.deepEqual([call?.campaign.queue, call?.lead.phone], ['sales', carrier.dialled[0]!.phone])
  assert.equal(await other.answered(uuid), true)
  assert.equal(await other.connected(uuid, 'sales-0'), true)
  // the agent is the lead's, and no other lead is called for them
  await until(() => dialer.last?.decision.why === 'agents')
  const epoch = (await roster.reserve('sales-0', uuid, systemClock.now(), 10_000))!
  await roster.advance('sales-0', epoch, 'talking', systemClock.now())
  await roster.release('sales-0', epoch, 'talked', systemClock.now())
  await until(() => dialer.last?.decision.why === 'lines')
  assert.equal((await other.settle(uuid, 'talked', { agent: 'sales-0' }))?.settled, true)
  await until(() => carrier.dialled.length === 2)
  await dialer.stop()
  assert.equal(await other.answered(uuid), false) // a leg that comes now must be hung up
  assert.equal(await other.attemptOf(randomUUID()), null)
})

test('a campaign is dialled by one node at a time, and by another as soon as that one lets go', async t => {
  const { sql, carrier, roster, node, agents, campaign, closing } = await openCampaignRig(t)
  await agents(1)
  carrier.behaviour = () => 'rings'
  const spring = await campaign({}, 5)
  const [a, b] = [await node('a'), await node('b')]
  const owners = [a, b].map(rig => new CampaignOwner({ redis: rig.home, context: rig, nailed: noAgents }))
  closing.defer(() => Promise.all(owners.map(owner => owner.close())))
  owners[0]!.start()
  await until(() => owners[0]!.dialers.has('spring'))
  owners[1]!.start()
  await until(() => carrier.dialled.length === 1)
  assert.equal(owners[1]!.dialers.size, 0)
  await owners[0]!.close()
  await until(() => owners[1]!.dialers.has('spring'))
  await commandCampaign({ ...a, sql }, 'spring', 'pause', systemClock.now())
  await until(() => owners[1]!.dialers.size === 0)
  carrier.hangUp(carrier.dialled[0]!.uuid, 'USER_BUSY')
  await until(async () => (await countLeads(sql, spring.id)).claimed === 0)
  await roster.setStatus('sales-0', 'ready', systemClock.now())
  assert.equal(carrier.dialled.length, 1)
  await commandCampaign({ ...a, sql }, 'spring', 'start', systemClock.now())
  await until(() => carrier.dialled.length === 2)
  await assert.rejects(commandCampaign({ ...a, sql }, 'winter', 'start', systemClock.now()), {
    code: 'NOT_FOUND',
  })
})
