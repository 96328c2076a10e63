/** The first seconds of a campaign's call: what detection decides by, and what the agent hears and sees. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { campaignFlow } from '#flow'
import { simulate, type SimulatedLead, type TestedSimulation } from '#testing'
import type { AgentSettings } from '../../src/agent/settings.ts'
import campaignLeg from '../../scripts/campaign-leg.ts'
import pressOne from '../../scripts/campaign-press-1.ts'
import queueEntry from '../../scripts/queue-entry.ts'

/** Alice is nailed up and ready. */
async function withAlice(sim: TestedSimulation) {
  const alice = sim.agent('alice')
  await alice.isNailedUp()
  await alice.ready()
  return alice
}

/** The sounds that somebody heard. */
const heardBy = (sim: TestedSimulation, name: string): string[] =>
  sim.switch.transcript
    .filter(({ who, what }) => who === name && what.startsWith('hears '))
    .map(({ what }) => what.slice('hears '.length))

const heardAs = async (lead: SimulatedLead) => {
  await lead.disposition()
  const { heard, heardWhy } = lead.evidence
  return `${heard}, ${heardWhy}`
}

test('the attempt keeps what was heard, why, and when that was decided', async t => {
  const sim = simulate(t)
  const person = sim.lead(campaignLeg)
  assert.equal(await heardAs(person), 'person, pause')
  const after = person.evidence.heardMs!
  assert.ok(after >= 1_000 && after < 1_300, `a word of 400 ms and a pause of 600 ms: ${after} ms`)
  assert.equal(await heardAs(sim.lead(campaignLeg, { speaks: 'machine' })), 'machine, long-greeting')
  assert.equal(await heardAs(sim.lead(campaignLeg, { speaks: 'silence' })), 'unknown, no-sound')
})

test('the thresholds of the campaign decide, and those that a flow gives go before them', async t => {
  const sim = simulate(t)
  // the machine talks for 4.5 s: a campaign that waits longer for the end of the greeting takes it for a person
  const patient = { detectGreetingMs: 8_000 }
  assert.equal(await heardAs(sim.lead(campaignLeg, { speaks: 'machine', settings: patient })), 'person, pause')
  const own = campaignFlow(async call =>
    (await call.detect({ greeting: '1500ms' })) === 'machine' ? 'machine' : 'silence',
  )
  assert.equal(await heardAs(sim.lead(own, { speaks: 'machine', settings: patient })), 'machine, long-greeting')
  const quick = sim.lead(campaignLeg, { speaks: 'silence', settings: { detectInitialSilenceMs: 500 } })
  assert.equal(await heardAs(quick), 'unknown, no-sound')
  assert.ok(quick.evidence.heardMs! < 700, `${quick.evidence.heardMs} ms`)
})

test('a person whose node dies while it listens is a person, and the attempt says why', async t => {
  const sim = simulate(t, { reconciles: true })
  await sim.until('node a opens', sim.ready)
  await sim.until('node b opens', sim.open('b'))
  const lead = sim.lead(campaignLeg, { answers: '1s' })
  await sim.advance('1.3s')
  sim.kill('a')
  assert.equal(await heardAs(lead), 'person, takeover')
  assert.equal(lead.evidence.heardMs, null)
})

test('an agent hears a beep when a lead is joined, and the lead hears nothing of it', async t => {
  const sim = simulate(t)
  const alice = sim.agent('alice', { wrapUp: '1s' })
  await alice.isNailedUp()
  await alice.ready()
  for (let round = 0; round < 2; round++) {
    const lead = sim.lead(campaignLeg)
    await lead.talksWith('alice', '15s')
    const joined = sim.clock.now()
    await sim.advance('1s')
    const { at } = alice.place.last!.heard.findLast(({ what }) => what === BEEP)!
    assert.ok(at - joined < 200, `${at - joined} ms after the join`)
    assert.deepEqual(heardBy(sim, lead.name), [])
    await lead.hangsUp()
    assert.equal(await lead.disposition(), 'talked')
    await alice.becomes('idle', '10s')
  }
  assert.deepEqual(heardBy(sim, 'alice'), [BEEP, BEEP])
  await alice.hangsUp()
})

const BEEP = 'tone_stream://%(150,0,1400)'

for (const [what, settings, fields, heard] of [
  ['nothing', { agentBeep: false }, {}, []],
  ['a sound of the campaign', { whisper: { sound: 'whisper/spring' } }, {}, [BEEP, 'whisper/spring']],
  [
    'the sound that the list names, without a beep',
    { agentBeep: false, whisper: { field: 'product' } },
    { product: 'whisper/loan' },
    ['whisper/loan'],
  ],
  ['the digits of a column', { whisper: { field: 'code' } }, { code: '42' }, [BEEP, 'digits/4', 'digits/2']],
  ['the beep alone when the column holds no sound', { whisper: { field: 'name' } }, { name: 'Ada Lovelace!' }, [BEEP]],
  ['the beep alone when FreeSWITCH has no such sound', { whisper: { sound: 'whisper/gone' } }, {}, [BEEP]],
] as const) {
  test(`the agent of a lead hears ${what}`, async t => {
    const sim = simulate(t, { sounds: { 'whisper/gone': 'missing' } })
    const alice = await withAlice(sim)
    const lead = sim.lead(campaignLeg, { settings, fields })
    await lead.talksWith('alice', '5s')
    await sim.advance('5s')
    await lead.hangsUp()
    assert.deepEqual(heardBy(sim, 'alice'), heard)
    assert.deepEqual(heardBy(sim, lead.name), [])
    assert.equal(await lead.disposition(), 'talked')
    await alice.hangsUp()
  })
}

test('the screen of the agent is told who it is before the two talk', async t => {
  const sim = simulate(t)
  const alice = await withAlice(sim)
  const lead = sim.lead(campaignLeg, { fields: { name: 'Ada', balance: '17' } })
  await sim.until('the screen is told', () => sim.told('lead.connected').length === 1, '5s')
  assert.ok(!sim.switch.transcript.some(({ what }) => what.startsWith('talks with')), 'nobody talks yet')
  await lead.talksWith('alice', '1s')
  const [told] = sim.told('lead.connected')
  assert.deepEqual([told!.agent, told!.number, told!.fields], ['alice', lead.name, { name: 'Ada', balance: '17' }])
  await lead.hangsUp()
  assert.equal(await lead.disposition(), 'talked')
  await alice.hangsUp()
})

test('the message for whom nobody is free is that of the campaign, with its key', async t => {
  const sim = simulate(t)
  const lead = sim.lead(campaignLeg, { settings: { safeHarbour: 'campaign/acme', optOutKey: '7' } })
  await lead.hears('campaign/acme', '5s')
  await lead.presses('7')
  assert.equal(await lead.disposition(), 'abandoned')
  assert.equal(lead.optedOut, true)
})

/** A caller waits since a moment, then a lead answers; alice becomes free. Who gets her? */
async function firstServed(sim: TestedSimulation, serveFirst: 'leads' | 'callers'): Promise<string> {
  const alice = sim.agent('alice')
  await alice.isNailedUp()
  const caller = sim.call(queueEntry, { params: { queue: 'sales' } })
  await sim.advance('3s')
  const lead = sim.lead(campaignLeg, { answers: '1s', settings: { serveFirst } })
  await sim.advance('2.5s') // the lead has been heard, and waits
  await alice.ready()
  await sim.until('alice has somebody', async () => (await reserved(sim)) !== null, '2s')
  const first = (await reserved(sim)) === (await lead.uuid()) ? 'lead' : 'caller'
  await caller.hangsUp()
  await lead.talksWith('alice', '2s')
  await sim.advance('1s')
  await lead.hangsUp()
  await lead.disposition()
  await alice.hangsUp()
  return first
}

async function reserved(sim: TestedSimulation): Promise<string | null> {
  return (await sim.roster.get('alice', sim.clock.now()))!.reservation?.for ?? null
}

test('a lead goes before a caller who has waited longer, and behind the callers where the campaign says so', async t => {
  assert.equal(await firstServed(simulate(t), 'leads'), 'lead')
  assert.equal(await firstServed(simulate(t), 'callers'), 'caller')
})

test('an agent who takes no leads gets the callers of the queue, and no lead', async t => {
  const sim = simulate(t)
  const alice = await withAlice(sim)
  const record = (await sim.roster.get('alice', sim.clock.now()))!
  await sim.roster.put({ ...(record as AgentSettings), takesLeads: false }, sim.clock.now())
  const lead = sim.lead(campaignLeg)
  assert.equal(await lead.disposition(), 'abandoned')
  const asks = sim.lead(pressOne) // asks for an agent by a key: a lead all the same
  await asks.hears('campaign/message', '5s')
  await asks.presses('1')
  await sim.advance('3s')
  assert.equal(await alice.state(), 'idle')
  await asks.hangsUp()
  assert.equal(await asks.disposition(), 'hung-up')
  const caller = sim.call(queueEntry, { params: { queue: 'sales' } })
  await alice.presses('1')
  await caller.talksWith('alice', '30s')
  await caller.hangsUp()
  await caller.outcome()
  await alice.hangsUp()
})
