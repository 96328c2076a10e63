/** Callbacks that an agent has promised, in modes that dial more leads than agents are free. */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { systemClock } from '../../src/base/clock.ts'
import type { Campaign } from '../../src/campaign/campaign.ts'
import { leadsOf } from '../../src/store/leads.ts'
import type { Sql } from '../../src/store/sql.ts'
import { openCampaignRig, until } from './campaign-rig.ts'

/** The last of so many leads asked to be called by this agent, a second ago. */
async function promise(sql: Sql, campaign: Campaign, of: number, agent: string) {
  const lead = (await leadsOf(sql, campaign.id, of)).at(-1)!
  const at = new Date(systemClock.now() - 1_000)
  await sql`update leads set callback_at = ${at}, next_at = ${at}, callback_for = ${agent} where id = ${lead.id}`
  return lead
}

async function openRig(t: TestContext) {
  const rig = await openCampaignRig(t)
  rig.carrier.behaviour = () => 'rings'
  const names = await rig.agents(2)
  const spring = await rig.campaign({ mode: 'ratio', callsPerAgent: 3 }, 20)
  const promised = await promise(rig.sql, spring, 20, names[1]!)
  const callTo = () => rig.carrier.dialled.find(({ phone }) => phone === promised.phone)
  const agent = () => rig.roster.get(names[1]!, systemClock.now())
  return { ...rig, spring, names, callTo, agent }
}

test('the agent who promised a callback is reserved for it, and the other agents get their calls as always', async t => {
  const { carrier, dial, spring, callTo, agent } = await openRig(t)
  const dialer = await dial('a', spring)
  await until(() => carrier.legs.size === 4 && dialer.last?.seen.wanted === 0)
  const call = callTo()!
  assert.equal((await agent())?.reservation?.for, call.uuid)
  assert.equal(carrier.dialled.length, 4, 'one callback, and three leads for the one agent who is left')
  carrier.hangUp(call.uuid, 'USER_BUSY')
  await until(async () => (await agent())?.reservation === null)
  await until(() => carrier.dialled.length === 7)
})

test('a callback waits for the agent who promised it, as long as the campaign says, and goes to any agent then', async t => {
  const { carrier, roster, dial, spring, names, callTo } = await openRig(t)
  await roster.setStatus(names[1]!, 'break', systemClock.now())
  const dialer = await dial('a', spring)
  await until(() => carrier.legs.size === 3 && dialer.last?.seen.wanted === 0)
  assert.equal(callTo(), undefined)
  dialer.campaign = { ...spring, callbackWaitMs: 0 }
  carrier.hangUp(carrier.dialled[0]!.uuid, 'USER_BUSY')
  await until(() => callTo())
  const held = (await roster.list(systemClock.now())).filter(one => one.reservation !== null)
  assert.deepEqual(held, [], 'it is one of the calls for anybody now')
})

test('the agent of a promised callback hangs up while the telephone rings: the call has the next free agent', async t => {
  const { carrier, roster, dial, spring, names, callTo, agent } = await openRig(t)
  const dialer = await dial('a', spring)
  await until(() => carrier.legs.size === 4 && dialer.last?.seen.wanted === 0)
  await roster.nail(names[1]!, null, systemClock.now())
  await until(async () => {
    const other = await roster.get(names[0]!, systemClock.now())
    return other?.reservation?.for === callTo()!.uuid
  })
  assert.notEqual((await agent())?.reservation?.for, callTo()!.uuid)
})

test('a node that takes the campaign over does not count a callback that has its agent among the others', async t => {
  const { sql, carrier, dial, spring, agent, callTo } = await openRig(t)
  const first = await dial('a', spring)
  await until(() => carrier.legs.size === 4 && first.last?.seen.wanted === 0)
  await until(async () => {
    const [row] = await sql<[{ n: number }]>`select count(*) as n from attempts where state in ('sent', 'ringing')`
    return row.n === 4
  })
  await first.stop()
  const second = await dial('b', spring)
  await until(() => second.last?.decision.why === 'ratio')
  assert.equal(second.last!.seen.wanted, 0)
  assert.equal((await agent())?.reservation?.for, callTo()!.uuid)
  carrier.hangUp(carrier.dialled.find(({ uuid }) => uuid !== callTo()!.uuid)!.uuid, 'USER_BUSY')
  await until(() => carrier.dialled.length === 5)
})
