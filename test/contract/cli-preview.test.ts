/** What agents and supervisors type about the leads at which agents look. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test, type TestContext } from 'node:test'
import { auditRows } from '../../src/store/audit.ts'
import { claimLeads, type Claim } from '../../src/store/claims.ts'
import { leadsOf } from '../../src/store/leads.ts'
import { endPreviews, openPreviews } from '../../src/store/previews.ts'
import { VirtualClock } from '../../src/testing/index.ts'
import { addLead } from '../add-lead.ts'
import { NOW, openOutcomes } from './outcomes-rig.ts'
import { memoryRoster } from './outcomes-roster.ts'
import { typedCommands } from './typed-commands.ts'

const ALL: Omit<Claim, 'campaign' | 'core' | 'ids'> = {
  ...{ node: 'a', gateway: 'carrier', now: NOW, until: NOW + 120_000, looked: 1, places: [0], priority: 0 },
  ...{ order: 'oldest', callbacks: [], limits: [], dayLimits: [], abandonedMs: 1, roundMs: 1 },
}

const PHONE = '+491701000'

/** alice looks at a lead since ten seconds, and may look for a minute. */
async function desk(t: TestContext) {
  const { sql, spring } = await openOutcomes(t, { mode: 'preview' })
  const clock = new VirtualClock(NOW + 10_000)
  const roster = await memoryRoster(clock)
  const rung: string[] = []
  const wakeup = { ring: async ({ name }: { name: string }) => void rung.push(name) }
  const types = typedCommands({ sql, clock, roster, wakeup })
  await addLead(sql, spring.id, PHONE, NOW)
  await sql`update leads set fields = '{"name": "Ann", "town": "Ulm"}', callback_at = null`
  const id = randomUUID()
  const preview = { agents: new Map([[id, 'alice']]), until: NOW + 60_000 }
  await claimLeads(sql, {
    ...{ ...ALL, campaign: spring.id, core: randomUUID(), ids: [id], preview },
  })
  return { sql, spring, types, rung, id }
}

test('an agent sees the lead, how long they may look, and what follows', async t => {
  const { types, id } = await desk(t)
  const { code, out } = await types('preview', 'show', 'alice')
  assert.equal(code, 0)
  assert.match(out, /number +\+491701000\n/)
  assert.match(out, /name +Ann\ntown +Ulm\n/)
  assert.match(out, /said +nothing yet; 50s left, then: break\n/)
  const { preview } = JSON.parse((await types('preview', 'show', 'alice', '--json')).out) as {
    preview: Record<string, unknown>
  }
  assert.deepEqual([preview['uuid'], preview['fields']], [id, { name: 'Ann', town: 'Ulm' }])
  assert.match((await types('preview', 'list', 'spring')).out, /alice +\+491701000 +50s +–\n/)
  assert.equal((await types('preview', 'show', 'bob')).out, 'agent bob looks at no lead\n')
  assert.equal((await types('preview', 'show', 'nobody')).code, 3)
  assert.match((await types('why', 'lead', 'spring', PHONE)).out, /the agent alice looks at it, until/)
})

test('an agent asks for the call: the dialer of the campaign hears it, and the audit has it', async t => {
  const { sql, types, rung, id } = await desk(t)
  assert.equal((await types('preview', 'call', 'bob')).code, 4)
  assert.match((await types('preview', 'call', 'alice', '--uuid', randomUUID())).err, /looks at another lead by now/)
  assert.deepEqual(rung, [])
  assert.equal((await types('preview', 'call', 'alice', '--uuid', id)).out, '+491701000 is called for agent alice\n')
  assert.deepEqual(rung, ['spring'])
  const [preview] = await openPreviews(sql, { agent: 'alice' })
  assert.deepEqual([preview?.said, preview?.isHeld], ['call', true])
  assert.equal((await types('preview', 'skip', 'alice')).code, 4, 'the first word counts')
  const rows = await auditRows(sql, { limit: 5 })
  assert.ok(
    rows.some(row => row.operation === 'preview.call' && row.outcome === 'DONE'),
    'the change has its row',
  )
})

test('an agent skips a lead and says why', async t => {
  const { sql, spring, types } = await desk(t)
  const { out } = await types('preview', 'skip', 'alice', 'speaks only French')
  assert.equal(out, 'agent alice has skipped +491701000\n')
  const [preview] = await openPreviews(sql, { campaign: spring.id })
  assert.deepEqual([preview?.said, preview?.reason], ['skip', 'speaks only French'])
  assert.equal((await leadsOf(sql, spring.id, 1))[0]!.state, 'claimed', 'the dialer gives it back')
})

test('a word that comes in the moment in which the time is over counts', async t => {
  const { sql, spring, types, id } = await desk(t)
  await types('preview', 'skip', 'alice')
  const over = { how: 'timed-out', again: null } as const
  assert.equal(await endPreviews(sql, { id, unsaid: true }, over, NOW + 60_000), 0)
  const calls = { ...ALL, campaign: spring.id, core: randomUUID(), ids: [], previewed: [id] }
  assert.deepEqual(await claimLeads(sql, calls), { claimed: [], putOff: 0 }, 'a skipped lead is not called')
  assert.equal((await openPreviews(sql, { agent: 'alice' }))[0]?.said, 'skip')
})

test('a supervisor sees how many leads each agent has called and skipped, and how long they looked', async t => {
  const { sql, spring, types, id } = await desk(t)
  const end = (how: 'skipped' | 'timed-out', agent: string, lookMs: number) => sql`
    insert into previews (id, campaign_id, lead_id, phone, agent, begun_at, until, held_until, ended_at, how)
    select ${randomUUID()}, ${spring.id}, id, phone, ${agent}, ${new Date(NOW)}, ${new Date(NOW)}, ${new Date(NOW)},
      ${new Date(NOW + lookMs)}, ${how} from leads`
  await end('skipped', 'alice', 2_000)
  await end('skipped', 'alice', 4_000)
  await end('timed-out', 'bob', 9_000)
  await endPreviews(sql, { id, unsaid: false }, { how: 'agent-left', again: null }, NOW + 9_000)
  const { out, err } = await types('figures', 'campaign', 'spring', '--window', '2026-03-02')
  assert.match(out, /spring +alice +0 +2 +0 +1 +0 +100\.0 % +3s\n/, err)
  assert.match(out, /spring +bob +0 +0 +1 +0 +0 +– +–\n/)
  const shown = await types('campaign', 'show', 'spring')
  assert.match(shown.out, /PREVIEW +LEADS\nagent-left +1\nskipped +2\ntimed-out +1\n/)
})
