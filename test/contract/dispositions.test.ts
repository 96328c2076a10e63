/** The disposition of a lead's flow whose node died: it is in the journal of the call, and it counts. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { systemClock } from '../../src/base/clock.ts'
import { arrivalOfLeg } from '../../src/call/arrival.ts'
import type { Uuid } from '../../src/esl/safe-text.ts'
import { beginOf, lineOf, type NoteOf } from '../../src/journal/entries.ts'
import { campaignLeads } from '../../src/flow/campaign-leads.ts'
import { NO_EVIDENCE } from '../../src/journal/evidence.ts'
import { answeredCalls } from '../../src/store/answered-calls.ts'
import { attemptWithId } from '../../src/store/attempts.ts'
import { isOptedOut } from '../../src/store/do-not-call.ts'
import { leadsOf } from '../../src/store/leads.ts'
import { claimDue } from '../claim-due.ts'
import { openCampaignRig } from './campaign-rig.ts'

/** A lead who was called and answered, and the entries that their flow had written when its node died. */
async function answeredAndLeft(rig: Awaited<ReturnType<typeof openCampaignRig>>, ...notes: NoteOf[]) {
  const { sql, calls, node, campaign } = rig
  const spring = await campaign({}, 1)
  const [uuid, at] = [randomUUID(), systemClock.now()]
  await claimDue(sql, {
    campaign: spring.id,
    node: 'dead',
    gateway: 'carrier',
    core: randomUUID(),
    now: at,
    until: at + 30_000,
    ids: [uuid],
  })
  const { leads } = await node('b')
  await leads.answered(uuid)
  const { epoch } = await calls.take(uuid, 'dead', lineOf(beginOf(at, arrivalOfLeg(uuid as Uuid, ''))))
  await calls.append(
    uuid,
    { node: 'dead', epoch },
    notes.map(note => lineOf({ k: 'note', at, note })),
  )
  return { sql, uuid, leads, lead: async () => (await leadsOf(sql, spring.id, 1))[0]! }
}

for (const disposition of ['opted-out', 'wrong-number', 'declined', 'talked']) {
  test(`a lead whose flow had come to '${disposition}' when its node died is not called again`, async t => {
    const { sql, uuid, leads, lead } = await answeredAndLeft(await openCampaignRig(t), {
      kind: 'disposition',
      disposition,
    })
    for (let again = 0; again < 2; again++) await leads.presume(uuid, 'NORMAL_CLEARING')
    assert.equal((await attemptWithId(sql, uuid))?.disposition, disposition)
    const { state, phone } = await lead()
    assert.equal(state, 'done')
    assert.equal(await isOptedOut(sql, phone), disposition === 'opted-out')
  })
}

test('a lead who asked never to be called again is not, though the node died before the database was told', async t => {
  const { sql, uuid, leads, lead } = await answeredAndLeft(await openCampaignRig(t), {
    kind: 'opt-out',
    number: '+4917010000',
  })
  assert.equal((await lead()).phone, '+4917010000')
  assert.equal((await leads.presume(uuid, 'NORMAL_CLEARING'))?.disposition, 'hung-up')
  assert.equal((await lead()).state, 'done')
  assert.equal(await isOptedOut(sql, '+4917010000'), true)
})

test('a lead whose talk is in the journal alone has talked', async t => {
  const { sql, uuid, leads } = await answeredAndLeft(
    await openCampaignRig(t),
    { kind: 'event', event: 'queue.call.offered', v: 1, data: { queue: 'sales', agent: 'alice' } },
    { kind: 'event', event: 'call.bridged', v: 1, data: { leg: 'b-leg', agent: 'alice' } },
  )
  assert.equal((await leads.presume(uuid, 'NORMAL_CLEARING'))?.disposition, 'talked')
  assert.equal((await attemptWithId(sql, uuid))?.agent, 'alice')
})

test('a lead who wants no more calls gets none, though somebody had settled their call before the flow could', async t => {
  const { sql, uuid, leads, lead } = await answeredAndLeft(await openCampaignRig(t))
  assert.equal((await leads.presume(uuid, 'NORMAL_CLEARING'))?.disposition, 'hung-up')
  assert.equal((await lead()).state, 'ready')
  for (let again = 0; again < 2; again++) assert.deepEqual((await leads.settle(uuid, 'opted-out'))?.settled, false)
  const { state, phone, attempts } = await lead()
  assert.deepEqual([state, attempts], ['done', 1])
  assert.equal(await isOptedOut(sql, phone), true)
})

test('of a lead for whom nobody was free when the node died, the ledger has what the journal told, and the law counts it', async t => {
  const { sql, uuid, leads, lead } = await answeredAndLeft(
    await openCampaignRig(t),
    { kind: 'detected', heard: 'person', greetedAt: 1_772_442_000_000 },
    { kind: 'unserved' },
    { kind: 'message' },
  )
  assert.equal((await leads.presume(uuid, 'NORMAL_CLEARING'))?.disposition, 'abandoned')
  const { campaign } = (await attemptWithId(sql, uuid))!
  const [row] = await answeredCalls(sql, campaign, { limit: 9, deadlineFrom: 'greeting' })
  assert.deepEqual([row?.counts, row?.heard, row?.greetedAt?.getTime()], ['abandoned', 'person', 1_772_442_000_000])
  assert.ok(row?.messageAt instanceof Date && row.detectedAt instanceof Date, 'the times of the notes')
  assert.equal((await lead()).state, 'ready')
})

test('the flow of a lead has the time that the law of the campaign gives, and what it saw is in the ledger', async t => {
  const { sql, uuid, leads } = await answeredAndLeft(await openCampaignRig(t))
  await sql`update campaigns set law = 'ofcom', connect_within_ms = 1500`
  const found = (await campaignLeads(leads).find(uuid))!
  assert.deepEqual(found.deadline, { ms: 1_500, from: 'answer' })
  const at = 1_772_442_000_000
  const times = {
    answeredAt: at,
    heard: 'person',
    detectedAt: at + 1_300,
    greetedAt: at + 700,
    connectedAt: at + 1_450,
  } as const
  await found.settle('talked', 'alice', { ...NO_EVIDENCE, ...times })
  const { campaign } = (await attemptWithId(sql, uuid))!
  const [row] = await answeredCalls(sql, campaign, { limit: 9, deadlineFrom: 'answer' })
  assert.deepEqual(
    [row?.counts, row?.law, row?.waitMs, row?.agent, row?.detectedAt?.getTime(), row?.messageAt],
    ['served', 'ofcom', 1_450, 'alice', at + 1_300, null],
  )
})
