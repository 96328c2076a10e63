/** Agents who look at a lead before it is called: a dialer with real stores, from the look to the call. */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { systemClock } from '../../src/base/clock.ts'
import { silentLog } from '../../src/base/log.ts'
import type { EventData, EventName } from '../../src/events/catalogue.ts'
import type { Events } from '../../src/events/events.ts'
import previewCall from '../../src/operations/preview/call.ts'
import previewList from '../../src/operations/preview/list.ts'
import previewShow from '../../src/operations/preview/show.ts'
import previewSkip from '../../src/operations/preview/skip.ts'
import type { OutputOf, StoreParts } from '../../src/operations/operation.ts'
import { CampaignOwner } from '../../src/campaign/campaign-owner.ts'
import { commandCampaign } from '../../src/campaign/campaign-commands.ts'
import { dropLead } from '../../src/campaign/lead-commands.ts'
import { settleAttempt } from '../../src/campaign/settle-attempt.ts'
import { campaignFigures } from '../../src/campaign/figures.ts'
import { attemptsOf, attemptWithId } from '../../src/store/attempts.ts'
import { addDoNotCall } from '../../src/store/do-not-call.ts'
import { leadsOf } from '../../src/store/leads.ts'
import { openCampaignRig, until } from './campaign-rig.ts'

const NO_AGENTS = { need: () => ({ [Symbol.dispose]() {} }) }

type Settings = Parameters<Awaited<ReturnType<typeof openCampaignRig>>['campaign']>[0]

/** A campaign with agents on the line, whose carrier lets every telephone ring. Time goes on when the test says so. */
async function open(t: TestContext, { leads = 5, agents = 1 } = {}, settings: Settings = {}) {
  let ahead = 0
  const clock = Object.assign(Object.create(systemClock) as typeof systemClock, {
    now: () => systemClock.now() + ahead,
  })
  const rig = await openCampaignRig(t, undefined, 'memory', clock)
  const { sql, carrier, roster } = rig
  carrier.behaviour = () => 'rings'
  const [alice = ''] = await rig.agents(agents)
  const spring = await rig.campaign({ mode: 'preview', ...settings }, leads)
  const told: { name: EventName; data: Record<string, unknown> }[] = []
  const events: Events = {
    tell: <N extends EventName>(name: N, data: EventData<N>) =>
      void told.push({ name, data: data as Record<string, unknown> }),
  }

  async function dials(name: string) {
    const context = Object.assign(await rig.node(name), { events })
    return { context, dialer: await rig.dial(name, spring, context) }
  }
  const { context, dialer } = await dials('a')
  const parts = { sql, roster, clock, log: silentLog, wakeup: context.wakeup } as unknown as StoreParts
  const actor = { who: 'alice', door: 'command-line', role: 'supervisor' } as const
  const shown = async (agent = alice): Promise<OutputOf<typeof previewShow>['preview']> =>
    (await previewShow.run(parts, { agent }, actor)).preview as never
  /** What the agent looks at; awaits it. `not`: another lead than this one. */
  const looksAt = (not = '', agent = alice) =>
    until(async () => {
      const preview = await shown(agent)
      return preview && preview.number !== not && preview.said === null ? preview : null
    })
  const calls = (agent = alice, uuid?: string) => previewCall.run(parts, { agent, uuid: uuid as never }, actor)
  const skips = (reason?: string, agent = alice) => previewSkip.run(parts, { agent, reason }, actor)
  const passes = (ms: number) => {
    ahead += ms
    dialer.wake()
  }
  const lead = async (phone: string) => (await leadsOf(sql, spring.id, 1, 0, { phone }))[0]!
  const ends = (how: string) =>
    until(() => told.find(({ name, data }) => name === 'lead.preview_ended' && data['how'] === how))
  const figures = () => campaignFigures(sql, spring)
  const isFree = async (agent = alice) => (await roster.get(agent, clock.now()))?.reservation === null
  return {
    ...{ ...rig, alice, spring, clock, told, dials, dialer, parts, actor },
    ...{ shown, looksAt, calls, skips, passes, lead, ends, figures, isFree },
  }
}

test('an agent looks at a lead, which nobody dials; at the word of the agent it is called, for that agent', async t => {
  const { sql, carrier, roster, alice, clock, told, looksAt, calls, lead, figures, dialer } = await open(t)
  const preview = await looksAt()
  const { name, data } = await until(() => told[0])
  assert.deepEqual(
    [name, data['uuid'], data['number'], data['agent']],
    ['lead.previewed', preview.uuid, preview.number, alice],
  )
  assert.equal((await roster.get(alice, clock.now()))?.reservation?.for, preview.uuid)
  await until(() => dialer.last?.seen.wanted === 0)
  assert.deepEqual([carrier.dialled.length, (await figures()).dialled], [0, 0], 'a look is no attempt')
  assert.deepEqual((await figures()).previews, { open: 1 })
  await calls()
  await until(() => carrier.dialled.length === 1)
  assert.deepEqual([carrier.dialled[0]!.uuid, carrier.dialled[0]!.phone], [preview.uuid, preview.number])
  assert.equal((await roster.get(alice, clock.now()))?.reservation?.for, preview.uuid, 'the agent is kept for the call')
  assert.equal((await attemptWithId(sql, preview.uuid))?.lead, preview.lead)
  carrier.hangUp(preview.uuid, 'USER_BUSY')
  await looksAt(preview.number)
  assert.deepEqual([(await lead(preview.number)).attempts, (await figures()).previews], [1, { called: 1, open: 1 }])
})

test('a skipped lead uses up no attempt, is offered to nobody for a while, and the agent gets the next one', async t => {
  const { sql, carrier, clock, told, looksAt, skips, lead, figures, ends } = await open(t)
  const first = await looksAt()
  await skips('wrong language')
  const second = await looksAt(first.number)
  assert.notEqual(second.number, first.number)
  const skipped = await lead(first.number)
  assert.deepEqual([skipped.state, skipped.attempts, skipped.disposition], ['ready', 0, null])
  assert.ok(skipped.nextAt.getTime() > clock.now() + 1_700_000, 'it waits half an hour')
  assert.equal((await attemptsOf(sql, skipped.id)).length, 0)
  assert.equal((await ends('skipped')).data['reason'], 'wrong language')
  assert.deepEqual((await figures()).previews, { open: 1, skipped: 1 })
  assert.equal(carrier.dialled.length, 0)
  assert.equal(told.filter(({ name }) => name === 'lead.attempted').length, 0)
})

for (const [then, status, ended, dialled] of [
  ['break', 'break', 'timed-out', 0],
  ['skip', 'ready', 'timed-out', 0],
  ['call', 'ready', 'called', 1],
] as const)
  test(`after the time for the look, with previewThen ${then}, ${{ break: 'the lead goes back and the agent has a break', skip: 'the lead is skipped', call: 'the lead is called' }[then]}`, async t => {
    const settings = { calls: { previewTimeMs: 20_000, previewThen: then } }
    const { carrier, roster, alice, clock, looksAt, passes, lead, ends, isFree } = await open(t, {}, settings)
    const { number } = await looksAt()
    const before = (await lead(number)).nextAt
    passes(20_001)
    await ends(ended)
    await until(() => carrier.dialled.length === dialled)
    const now = await lead(number)
    assert.equal(now.attempts, 0)
    if (then === 'call') return
    assert.equal(now.state, 'ready')
    assert.equal(now.nextAt.getTime() === before.getTime(), then === 'break', 'with a break it keeps its place')
    if (then === 'break') await until(isFree)
    else await looksAt(number)
    const agent = await roster.get(alice, clock.now())
    assert.deepEqual([agent?.status, agent?.reason], [status, then === 'break' ? 'no answer to a preview' : null])
  })

for (const [what, leaves] of [
  ['goes on a break', rig => rig.roster.setStatus(rig.alice, 'break', rig.clock.now(), 'lunch')],
  ['logs out', rig => rig.roster.setStatus(rig.alice, 'logged-out', rig.clock.now())],
  ['hangs up', rig => rig.roster.nail(rig.alice, null, rig.clock.now())],
] as readonly (readonly [string, (rig: Awaited<ReturnType<typeof open>>) => Promise<unknown>])[])
  test(`an agent who ${what} during a look gives the lead back, with its place`, async t => {
    const rig = await open(t)
    const { number } = await rig.looksAt()
    const before = await rig.lead(number)
    await leaves(rig)
    await rig.ends('agent-left')
    await until(rig.isFree)
    const after = await rig.lead(number)
    assert.deepEqual([after.state, after.attempts, after.nextAt], ['ready', 0, before.nextAt])
    assert.equal(await rig.shown(), null)
    await assert.rejects(rig.calls(), /looks at no lead/)
    assert.equal(rig.carrier.dialled.length, 0)
  })

test('a number that comes on the do-not-call list while an agent looks at it is not called', async t => {
  const { sql, carrier, spring, clock, looksAt, calls, lead, ends, figures } = await open(t)
  const { number } = await looksAt()
  await addDoNotCall(sql, [{ number, prefix: false, campaign: spring.id, source: 'test', note: '' }], clock.now())
  await calls()
  await ends('withdrawn')
  await looksAt(number)
  const after = await lead(number)
  assert.deepEqual([after.state, after.disposition, after.attempts], ['done', 'do-not-call', 0])
  assert.deepEqual([carrier.dialled.length, (await figures()).previews], [0, { open: 1, withdrawn: 1 }])
})

test('a lead whose calling hours end while an agent looks at it is not called', async t => {
  const rig = await open(t, { leads: 1 })
  const { number } = await rig.looksAt()
  const today = new Date(rig.clock.now()).getUTCDay()
  rig.dialer.campaign = { ...rig.spring, hours: [{ days: [(today + 2) % 7], from: 0, until: 60 }] } // in three days
  await rig.calls()
  await rig.ends('withdrawn')
  await until(rig.isFree)
  assert.deepEqual([(await rig.lead(number)).state, rig.carrier.dialled.length], ['ready', 0])
})

test('the node dies while an agent looks: the next one goes on with the same look, and calls the lead once', async t => {
  const { carrier, dialer, dials, looksAt, calls, shown, lead } = await open(t)
  const preview = await looksAt()
  await dialer.stop()
  await calls()
  assert.equal((await shown())?.said, 'call', 'no node has acted on the word yet')
  await dials('b')
  await until(() => carrier.dialled.length === 1)
  assert.equal(carrier.dialled[0]!.uuid, preview.uuid)
  carrier.hangUp(preview.uuid, 'USER_BUSY')
  await until(async () => (await lead(preview.number)).attempts === 1)
})

test('the node dies while an agent looks, who then says nothing: the next node gives the lead and the agent back', async t => {
  const { dialer, dials, looksAt, passes, lead, ends, isFree } = await open(t)
  const { number } = await looksAt()
  await dialer.stop()
  passes(60_001)
  await dials('b')
  await ends('timed-out')
  await until(isFree)
  assert.equal((await lead(number)).state, 'ready')
})

test('of two nodes that both believe to dial the campaign, one calls the lead', async t => {
  const { carrier, dials, looksAt, calls, lead, sql } = await open(t)
  const preview = await looksAt()
  const others = await Promise.all([dials('b'), dials('c')])
  await calls()
  for (const { dialer } of others) dialer.wake()
  await until(() => carrier.dialled.length === 1)
  carrier.hangUp(preview.uuid, 'USER_BUSY')
  await until(async () => (await lead(preview.number)).attempts === 1)
  assert.equal(carrier.dialled.filter(({ phone }) => phone === preview.number).length, 1)
  assert.equal((await attemptsOf(sql, preview.lead)).length, 1)
})

test('no line is free when two agents ask for calls: one call is made, and the other when its line is free', async t => {
  const { carrier, looksAt, calls, alice, dialer } = await open(t, { agents: 2 }, { maxLines: 1 })
  const bea = 'sales-1'
  await looksAt('', alice)
  await looksAt('', bea)
  await calls(alice)
  await until(() => carrier.dialled.length === 1)
  await calls(bea)
  await until(() => dialer.last?.decision.why === 'lines' || dialer.last?.seen.lines === 0)
  assert.equal(carrier.dialled.length, 1)
  carrier.hangUp(carrier.dialled[0]!.uuid, 'USER_BUSY')
  await until(() => carrier.dialled.length === 2)
})

test('a campaign that is paused gives back the leads at which agents look, and agents look again when it is started', async t => {
  const { sql, spring, clock, dialer, dials, looksAt, lead, ends, isFree, shown, told } = await open(t)
  await dialer.stop()
  const { context } = await dials('b')
  const owner = new CampaignOwner({ redis: context.home, context, nailed: NO_AGENTS })
  t.after(() => owner.close())
  owner.start()
  await until(() => owner.dialers.has('spring'))
  const { number } = await looksAt()
  const parts = { sql, wakeup: context.wakeup, events: context.events }
  await commandCampaign(parts, spring.name, 'pause', clock.now())
  await ends('withdrawn')
  await until(isFree)
  assert.deepEqual([(await lead(number)).state, (await lead(number)).attempts, await shown()], ['ready', 0, null])
  await commandCampaign(parts, spring.name, 'start', clock.now())
  await until(() => owner.dialers.has('spring'))
  assert.equal((await looksAt()).number, number, 'the lead has its old place')
  assert.ok(told.length > 0, 'the events were heard')
})

for (const [previews, what] of [
  ['stay', 'the look goes on when another node dials'],
  ['let-go', 'the lead and the agent are free when no other node dials'],
] as const)
  test(`a planned stop of the node: ${what}`, async t => {
    const { dialer, looksAt, lead, isFree, shown } = await open(t)
    const { number, uuid } = await looksAt()
    await dialer.stop(previews)
    assert.equal((await shown())?.uuid, previews === 'stay' ? uuid : undefined)
    assert.equal(await isFree(), previews === 'let-go')
    assert.equal((await lead(number)).state, previews === 'stay' ? 'claimed' : 'ready')
  })

test('a lead that a supervisor takes from the list while an agent looks is gone, and the agent gets the next one', async t => {
  const { parts, spring, looksAt, lead, clock, ends } = await open(t)
  const { number } = await looksAt()
  assert.equal(await dropLead(parts, spring, (await lead(number)).id, clock.now()), 'after-attempt')
  await ends('withdrawn')
  await looksAt(number)
  assert.equal((await lead(number)).state, 'done')
})

test('a preview of a campaign that nobody dials any more does not keep its agent from another campaign', async t => {
  const { sql, dialer, looksAt, passes, campaign, dial, node, clock, shown } = await open(t)
  const first = await looksAt()
  await dialer.stop()
  passes(600_000) // the reservation of the agent has lapsed
  const autumn = await campaign({ name: 'autumn', mode: 'preview' }, 1)
  await dial('b', autumn, await node('b'))
  const second = await until(async () => {
    const preview = await shown()
    return preview?.campaign === 'autumn' ? preview : null
  })
  assert.notEqual(second.number, first.number)
  const [lead] = await leadsOf(sql, second.campaign === 'autumn' ? autumn.id : '', 1)
  assert.equal(lead!.state, 'claimed')
  assert.ok(lead!.nextAt.getTime() <= clock.now(), 'it is looked at once')
})

test('a callback that an agent has promised is for that agent to look at', async t => {
  const { sql, carrier, looksAt, calls, clock, passes, skips } = await open(t, { leads: 1, agents: 2 })
  const [first, second] = ['sales-0', 'sales-1'] as const
  const one = await Promise.race([looksAt('', first), looksAt('', second)])
  await calls(one.agent)
  await until(() => carrier.dialled.length === 1)
  const callAt = clock.now() + 3_600_000
  await settleAttempt(sql, one.uuid, 'callback', { callAt, callFor: second }, clock.now())
  carrier.hangUp(one.uuid)
  passes(3_600_001)
  const promised = await looksAt('', second)
  assert.deepEqual([promised.number, promised.callbackAt?.getTime()], [one.number, callAt])
  await skips('not yet', second)
  await until(async () => (await leadsOf(sql, (await attemptWithId(sql, one.uuid))!.campaign, 1))[0]!.state === 'ready')
  const [lead] = await leadsOf(sql, (await attemptWithId(sql, one.uuid))!.campaign, 1)
  assert.deepEqual([lead!.callbackFor, lead!.attempts], [second, 1], 'it stays the promise of that agent')
})

test('a word that comes twice, or about a lead that the agent no longer sees, is refused', async t => {
  const { alice, looksAt, calls, skips, parts, spring, actor, dialer } = await open(t)
  const first = await looksAt()
  const listed = await previewList.run(parts, { campaign: spring.name }, actor)
  assert.deepEqual(
    listed.map(({ agent, number, next }) => [agent, number, next]),
    [[alice, first.number, 'break']],
  )
  await skips()
  const second = await looksAt(first.number)
  await assert.rejects(calls(alice, first.uuid), /looks at another lead by now/)
  await dialer.stop() // nobody acts on the word
  await calls(alice, second.uuid)
  await assert.rejects(calls(), /no longer: its call, or its skip, was asked for/)
  await assert.rejects(calls('nobody'), /nobody/)
})
