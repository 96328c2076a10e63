/** The dialer keeps the calling rules: the hours of leads, the lists, and callbacks for the agent who promised them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemClock } from '../../src/base/clock.ts'
import { parseWeek } from '../../src/base/hours.ts'
import { leadsOf } from '../../src/store/leads.ts'
import { addOptOuts } from '../../src/store/do-not-call.ts'
import { campaignNamed } from '../../src/store/campaigns.ts'
import { openCampaignRig, until } from './campaign-rig.ts'

/** An hour of each day that is not now, by the clock of UTC. */
function anotherHour() {
  const hour = (new Date(systemClock.now()).getUTCHours() + 12) % 24
  return parseWeek(`Mon-Sun ${hour}:00-${hour}:59`)
}

test('outside its hours a campaign dials nobody and stays running, and dials when its hours change', async t => {
  const { sql, carrier, dial, agents, campaign } = await openCampaignRig(t)
  await agents(2)
  carrier.behaviour = () => 'busy'
  const spring = await campaign({ hours: anotherHour(), maxAttempts: 1 }, 4)
  const dialer = await dial('a', spring)
  await until(async () => (await leadsOf(sql, spring.id, 4)).every(lead => lead.place !== 0))
  await until(() => dialer.last?.decision.why === 'no-leads')
  assert.equal(carrier.dialled.length, 0)
  assert.equal((await campaignNamed(sql, 'spring'))?.state, 'running')
  dialer.campaign = { ...spring, hours: [] }
  await until(async () => (await campaignNamed(sql, 'spring'))?.state === 'done')
  await dialer.stop()
  assert.equal(carrier.dialled.length, 4)
})

test('a lead who was promised a callback is dialled for the agent who promised it', async t => {
  const { sql, carrier, roster, dial, agents, campaign } = await openCampaignRig(t)
  const names = await agents(3)
  carrier.behaviour = () => 'rings'
  const spring = await campaign({}, 3)
  const promised = names[2]!
  const [, second] = await leadsOf(sql, spring.id, 3)
  const at = new Date(systemClock.now() - 1_000)
  await sql`update leads set callback_at = ${at}, next_at = ${at}, callback_for = ${promised} where id = ${second!.id}`
  const dialer = await dial('a', spring)
  await until(() => carrier.dialled.length === 3)
  const [attempt] = await sql<{ id: string }[]>`select id from attempts where lead_id = ${second!.id}`
  const agent = (await roster.list(systemClock.now())).find(one => one.reservation?.for === attempt!.id)
  await dialer.stop()
  assert.equal(agent?.name, promised)
})

test('a promised callback that is the only lead is dialled for its agent, although others have been free for longer', async t => {
  const { sql, carrier, roster, dial, agents, campaign } = await openCampaignRig(t)
  const promised = (await agents(3))[2]!
  carrier.behaviour = () => 'rings'
  const spring = await campaign({}, 1)
  const at = new Date(systemClock.now() - 1_000)
  await sql`update leads set callback_at = ${at}, next_at = ${at}, callback_for = ${promised}`
  const dialer = await dial('a', spring)
  const { uuid } = await until(() => carrier.dialled[0])
  const agent = (await roster.list(systemClock.now())).find(one => one.reservation?.for === uuid)
  await dialer.stop()
  assert.equal(agent?.name, promised)
})

test('a campaign ends although all that is left of its list must not be called', async t => {
  const { sql, carrier, dial, agents, campaign } = await openCampaignRig(t)
  await agents(2)
  const spring = await campaign({}, 30)
  const phones = (await leadsOf(sql, spring.id, 30)).map(({ phone }) => phone)
  await addOptOuts(sql, phones, 'registry', '', systemClock.now())
  const dialer = await dial('a', spring)
  await until(async () => (await campaignNamed(sql, 'spring'))?.state === 'done')
  await dialer.stop()
  assert.equal(carrier.dialled.length, 0)
})
