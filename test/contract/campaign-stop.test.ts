/** When a campaign must not dial: after a stop, and for a while after FreeSWITCH itself has refused. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { attemptsOf, countAttempts } from '../../src/store/attempts.ts'
import { countLeads, leadsOf } from '../../src/store/leads.ts'
import { openCampaignRig, until } from './campaign-rig.ts'

test('after a stop nothing is dialled any more, not even what was claimed, and nobody waits for the telephones that ring', async t => {
  const { sql, carrier, node, dial, agents, campaign } = await openCampaignRig(t, { lines: 1_000, cps: 200 })
  await agents(50)
  carrier.behaviour = phone => (Number(phone) % 10 === 0 ? 'rings' : 'busy')
  const spring = await campaign({ maxAttempts: 1 }, 500)
  const rig = await node('a')
  const take = rig.capacity.take.bind(rig.capacity)
  let stopping: { over: Promise<void>; dialled: number } | undefined
  rig.capacity.take = async ask => {
    const grant = await take(ask)
    // lines are granted and leads are about to be claimed: leads that are claimed now must not be dialled
    if (grant.ids.length > 0 && carrier.dialled.length > 60 && carrier.legs.size > 0)
      stopping ??= { over: dialer.stop(), dialled: carrier.dialled.length }
    return grant
  }
  const dialer = await dial('a', spring, rig)
  const { over, dialled } = await until(() => stopping)
  await over
  const ringing = carrier.legs.size
  assert.ok(ringing > 0, 'a telephone rings when the stop is over')
  for (const leg of [...carrier.legs]) carrier.hangUp(leg, 'USER_BUSY')
  await until(async () => (await countLeads(sql, spring.id)).claimed === 0)
  assert.equal(carrier.dialled.length, dialled)
  assert.equal((await countAttempts(sql, spring.id)).get('busy'), dialled)
  const [{ unsent }] = await sql<
    [{ unsent: number }]
  >`select count(*)::int as unsent from attempts where cause = 'NOT_SENT'`
  assert.ok(unsent > 0, 'something was claimed when the stop came')
})

test('a refusal of the switch itself burns no attempt and slows the campaign down', async t => {
  const { sql, carrier, node, dial, agents, campaign } = await openCampaignRig(t)
  await agents(1)
  carrier.behaviour = () => 'refused'
  const spring = await campaign({}, 5)
  const rig = await node('a')
  const giveBack = rig.capacity.giveBack.bind(rig.capacity)
  rig.capacity.giveBack = async (...line) => {
    // the agent of the first attempt is free by now: the dialer looks for the next lead while this line is still being
    // returned
    await until(() => dialer.last?.decision.why === 'backing-off' || carrier.dialled.length > 1)
    return giveBack(...line)
  }
  const dialer = await dial('a', spring, rig)
  await until(() => dialer.last?.decision.why === 'backing-off')
  await until(() => carrier.dialled.length === 2)
  await dialer.stop()
  const [first, second] = carrier.dialled
  assert.ok(second!.at - first!.at >= 900, 'the switch was given a second')
  assert.notEqual(first!.phone, second!.phone) // one number does not delay the others
  await until(async () => (await countLeads(sql, spring.id)).claimed === 0)
  const leads = await leadsOf(sql, spring.id, 5)
  assert.ok(
    leads.every(lead => lead.attempts === 0 && lead.state === 'ready'),
    'an attempt was counted',
  )
  const [attempt] = await attemptsOf(sql, leads[0]!.id)
  assert.deepEqual([attempt!.state, attempt!.disposition, attempt!.cause], ['ended', null, 'NORMAL_TEMPORARY_FAILURE'])
})
