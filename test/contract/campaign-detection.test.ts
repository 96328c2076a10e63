/** What detection has heard stays with the attempt, and the reports of the agents tell how often it was wrong. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test, type TestContext } from 'node:test'
import { disposeAttempt } from '../../src/campaign/agent-disposition.ts'
import { campaignFrom } from '../../src/campaign/campaign.ts'
import { defineCampaign } from '../../src/campaign/campaign-commands.ts'
import { detectionErrors } from '../../src/campaign/detection.ts'
import type { AttemptEnd } from '../../src/campaign/disposition.ts'
import { soundsOfCampaigns } from '../../src/desk/doctor/campaigns.ts'
import { settleAttempt } from '../../src/campaign/settle-attempt.ts'
import { attemptWithId, markAttempt } from '../../src/store/attempts.ts'
import { campaignNamed, moveCampaign, putCampaign } from '../../src/store/campaigns.ts'
import { saveOwnDisposition } from '../../src/store/dispositions.ts'
import { addLead } from '../add-lead.ts'
import { claimDue } from '../claim-due.ts'
import { openDatabase } from '../open-services.ts'

const NOW = Date.UTC(2026, 2, 2, 9)
const MINUTE_MS = 60_000

async function spring(t: TestContext) {
  const { sql } = await openDatabase(t)
  const { id } = await putCampaign(sql, campaignFrom({ name: 'spring', queue: 'sales' }))
  await moveCampaign(sql, id, ['draft'], 'running', NOW)
  let leads = 0
  /** An attempt that ends now. */
  const attempt = async (
    heard: 'person' | 'machine' | 'unknown',
    end: AttemptEnd,
    {
      agent = null,
      why = 'pause',
      ms = 1_000,
      now = NOW,
    }: { agent?: string | null; why?: string; ms?: number; now?: number } = {},
  ) => {
    const uuid = randomUUID()
    await addLead(sql, id, `+4917${1_000 + leads++}`, now)
    const claim = { campaign: id, node: 'a', gateway: 'carrier', core: randomUUID(), now, until: now + MINUTE_MS }
    await claimDue(sql, { ...claim, ids: [uuid] })
    await markAttempt(sql, uuid, 'answered', now)
    await settleAttempt(sql, uuid, end, { agent, heard, heardWhy: why, heardMs: ms }, now)
    return uuid
  }
  return { sql, id, attempt }
}

test('the row of an attempt has what was heard, why, and after how long', async t => {
  const { sql, attempt } = await spring(t)
  const machine = (await attemptWithId(sql, await attempt('machine', 'machine', { why: 'long-greeting', ms: 1_640 })))!
  assert.deepEqual([machine.heard, machine.heardWhy, machine.heardMs], ['machine', 'long-greeting', 1_640])
  const silence = (await attemptWithId(sql, await attempt('unknown', 'silence', { why: 'no-sound', ms: 2_500 })))!
  assert.deepEqual([silence.heard, silence.heardWhy, silence.heardMs], ['unknown', 'no-sound', 2_500])
})

test('the errors of detection are those that the agents report: machines among the people, people among the machines', async t => {
  const { sql, id, attempt } = await spring(t)
  for (const end of ['talked', 'talked', 'declined', 'machine'] as const)
    await attempt('person', end, { agent: 'alice' })
  await attempt('person', 'abandoned') // no agent has heard who it was
  await attempt('person', 'lost', { agent: 'alice' }) // nor is this a report
  await attempt('machine', 'machine', { why: 'long-greeting', ms: 2_000 })
  await attempt('machine', 'machine', { agent: 'bob', why: 'long-greeting', ms: 2_000 })
  await attempt('machine', 'talked', { agent: 'bob', why: 'long-greeting', ms: 3_000 })
  await attempt('person', 'machine', { agent: 'alice', now: NOW - 10 * MINUTE_MS }) // before the window
  const { verdicts, ...errors } = await detectionErrors(sql, id, { from: NOW - MINUTE_MS, to: NOW + MINUTE_MS })
  assert.deepEqual(errors, {
    people: 4,
    machinesAmongPeople: 1,
    machines: 2,
    peopleAmongMachines: 1,
    missedRate: 0.25,
    falseRate: 0.5,
  })
  assert.deepEqual(verdicts, [
    { heard: 'person', why: 'pause', count: 6, meanMs: 1_000 },
    { heard: 'machine', why: 'long-greeting', count: 3, meanMs: 2_333 },
  ])
})

test('the last word of an agent goes before that of the flow, also a word of the campaign', async t => {
  const { sql, id, attempt } = await spring(t)
  const voicebox = { name: 'voicebox', behavesAs: 'machine', status: null, means: 'a voice box', again: null }
  await saveOwnDisposition(sql, id, voicebox, NOW)
  for (const disposition of ['machine', 'voicebox', 'sale']) {
    const uuid = await attempt('person', 'talked', { agent: 'alice' })
    await disposeAttempt(sql, uuid, { disposition, agent: 'alice' }, NOW)
  }
  const { people, machinesAmongPeople } = await detectionErrors(sql, id, { from: NOW, to: NOW + MINUTE_MS })
  assert.deepEqual({ people, machinesAmongPeople }, { people: 3, machinesAmongPeople: 2 })
})

test('the rates of a campaign whose calls no agent has heard are not known', async t => {
  const { sql, id } = await spring(t)
  const { missedRate, falseRate, verdicts } = await detectionErrors(sql, id, { from: NOW, to: NOW + MINUTE_MS })
  assert.deepEqual([missedRate, falseRate, verdicts], [null, null, []])
})

test('a change of one setting of the calls leaves the others, also one that only a newer node knows', async t => {
  const { sql } = await spring(t)
  const parts = { sql, wakeup: { ring: async () => {} } as never }
  await defineCampaign(parts, { name: 'spring', calls: { optOutKey: '7', detectGreetingMs: 2_000 } })
  await sql`update campaigns set call_settings = call_settings || '{"ofTomorrow": 1}'`
  await defineCampaign(parts, { name: 'spring', calls: { agentBeep: false }, unset: ['optOutKey'] })
  const { calls } = (await campaignNamed(sql, 'spring'))!
  assert.deepEqual(calls, { agentBeep: false, detectGreetingMs: 2_000, ofTomorrow: 1 })
})

test('the doctor looks for the sounds that the campaigns name, but not for those of a campaign that is over', async t => {
  const { sql, address } = await openDatabase(t)
  const parts = { sql, wakeup: { ring: async () => {} } as never }
  const calls = { safeHarbour: 'campaign/acme', whisper: { sound: 'whisper/acme' } }
  await defineCampaign(parts, { name: 'spring', queue: 'sales', calls })
  const { id } = await defineCampaign(parts, { name: 'autumn', queue: 'sales', calls: { message: 'campaign/old' } })
  await moveCampaign(sql, id, ['draft'], 'stopped', NOW)
  assert.deepEqual(await soundsOfCampaigns(address), ['campaign/acme', 'whisper/acme'])
})
