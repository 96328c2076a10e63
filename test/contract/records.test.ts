/** Records of calls in a real database: while a call lives, when it has ended, and while the database is down. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { test, type TestContext } from 'node:test'
import { silentLog } from '../../src/base/log.ts'
import type { Arrival } from '../../src/journal/arrival.ts'
import type { Begin } from '../../src/journal/entries.ts'
import { campaignFrom } from '../../src/campaign/campaign.ts'
import type { Uuid } from '../../src/esl/safe-text.ts'
import { liveCall, recordOf } from '../../src/record/call-record.ts'
import { keepCallRows } from '../../src/record/call-rows.ts'
import type { TimedNote } from '../../src/journal/call-events.ts'
import { attemptWithId } from '../../src/store/attempts.ts'
import { callWithId, recentCalls } from '../../src/store/calls.ts'
import { moveCampaign, putCampaign } from '../../src/store/campaigns.ts'
import { claimDue } from '../claim-due.ts'
import type { Sql } from '../../src/store/sql.ts'
import { VirtualClock } from '../../src/testing/index.ts'
import { addLead } from '../add-lead.ts'
import { arrivalOf } from '../arrival.ts'
import { openDatabase } from '../open-services.ts'
import { PATIENCE_MS } from '../patience.ts'

const NOW = Date.UTC(2026, 2, 2, 9)
const CLEARED = { cause: 'NORMAL_CLEARING' }

/** `sql` as the records see it: down while `away.is` is true. */
function throughAway(sql: Sql, away: { is: boolean }): Sql {
  const refused = () => Promise.reject(new Error('the database is away'))
  return new Proxy(sql, {
    apply: (target, self, args) => (away.is ? refused() : (Reflect.apply(target, self, args) as unknown)),
  })
}

async function rig(t: TestContext) {
  const { sql } = await openDatabase(t)
  const [clock, away] = [new VirtualClock(), { is: false }]
  const warnings: string[] = []
  const log = { ...silentLog, warn: (_: object, text: string) => void warnings.push(text) } as typeof silentLog
  const records = keepCallRows(throughAway(sql, away), 'a', { clock, log })
  t.after(() => records[Symbol.asyncDispose]())
  const beginning = (given: Partial<Arrival> = {}): Begin => ({ k: 'begin', at: NOW, arrival: arrivalOf(given) })
  const tell = (begin: Begin, notes: readonly TimedNote[], now = NOW + 1_000) =>
    records.lives(begin.arrival.uuid, () => liveCall(begin, notes, now))
  /** Resolves when the row satisfies the check. */
  const row = async (uuid: string, says: (row: NonNullable<Awaited<ReturnType<typeof callWithId>>>) => boolean) => {
    for (;;) {
      const found = await callWithId(sql, uuid)
      if (found && says(found)) return found
    }
  }
  return { sql, records, clock, away, warnings, beginning, tell, row }
}

const entered = {
  at: NOW + 500,
  note: { kind: 'event', event: 'queue.call.entered', v: 1, data: { queue: 'sales' } },
} as const
const answered = { at: NOW + 100, note: { kind: 'event', event: 'call.answered', v: 1, data: {} } } as const
const talking = {
  at: NOW + 2_000,
  note: { kind: 'event', event: 'call.bridged', v: 1, data: { agent: 'alice', leg: randomUUID() } },
} as const

test(
  'a call has its row while it lives: since when it is answered, and where it waits',
  { timeout: PATIENCE_MS },
  async t => {
    const { records, beginning, tell, row } = await rig(t)
    const begin = beginning()
    tell(begin, [])
    await row(begin.arrival.uuid, ({ endedAt, answeredAt }) => endedAt === null && answeredAt === null)
    tell(begin, [answered, entered])
    const waiting = await row(begin.arrival.uuid, ({ queue }) => queue === 'sales')
    assert.deepEqual([waiting.answeredAt?.getTime(), waiting.waitMs, waiting.queueTimeline.length], [NOW + 100, 500, 2])
    await records.ended(recordOf(begin, [answered, entered, talking], CLEARED, NOW + 9_000))
    tell(begin, [answered]) // a late write changes nothing
    const over = await row(begin.arrival.uuid, ({ endedAt }) => endedAt !== null)
    assert.deepEqual(
      [over.outcome, over.agent, over.waitMs, over.talkMs, over.hungUpBy, over.otherLeg],
      ['talked', 'alice', 1_500, 7_000, 'customer', talking.note.data.leg],
    )
  },
)

test('the first end of a call counts, also of one whose beginning was never written', async t => {
  const { sql, records, beginning } = await rig(t)
  const begin = beginning()
  await records.ended(recordOf(begin, [talking], CLEARED, NOW + 5_000))
  await records.ended(recordOf(begin, [], { cause: 'LOST' }, NOW + 9_000))
  const row = await callWithId(sql, begin.arrival.uuid)
  assert.deepEqual(
    [row?.node, row?.from, row?.outcome, row?.agent, row?.endedAt?.getTime()],
    ['a', '+491', 'talked', 'alice', NOW + 5_000],
  )
})

test(
  'while the database is away calls go on, their latest word is kept, and whoever has ended one is told at once',
  { timeout: PATIENCE_MS },
  async t => {
    const { records, clock, away, warnings, beginning, tell, row } = await rig(t)
    const [one, other] = [beginning(), beginning()]
    away.is = true
    tell(one, [])
    await assert.rejects(records.ended(recordOf(other, [], CLEARED, NOW + 1_000)), /away|cannot be written/)
    tell(one, [answered, entered])
    away.is = false
    await clock.advance(1_000)
    const { queue } = await row(one.arrival.uuid, () => true)
    assert.equal(queue, 'sales')
    assert.equal(warnings.length, 1, 'it is said once')
    const [gone, next] = [beginning(), beginning()]
    away.is = true
    tell(gone, [])
    await assert.rejects(records.ended(recordOf(other, [], CLEARED, NOW + 1_000)))
    records.moved(gone.arrival.uuid) // another node writes it
    await clock.advance(1_000)
    away.is = false
    tell(next, [entered])
    await row(next.arrival.uuid, () => true)
  },
)

test('one row that the database refuses keeps no other away', { timeout: PATIENCE_MS }, async t => {
  const { records, beginning, tell, row } = await rig(t)
  const [bad, good, last] = [beginning({ from: 'a\u0000b' }), beginning(), beginning()]
  tell(beginning(), []) // the three after it are written in one statement
  const refused = assert.rejects(records.ended(recordOf(bad, [], CLEARED, NOW)), /unicode|\\u0000/i)
  tell(good, [entered])
  await records.ended(recordOf(last, [], CLEARED, NOW))
  await refused
  assert.equal((await row(good.arrival.uuid, () => true)).queue, 'sales')
})

test('a call of a campaign has its campaign, lead, attempt and gateway, and is found by the campaign’s name', async t => {
  const { sql, records, beginning } = await rig(t)
  const campaign = await putCampaign(sql, campaignFrom({ name: 'spring', queue: 'sales' }))
  await moveCampaign(sql, campaign.id, ['draft'], 'running', NOW)
  await addLead(sql, campaign.id, '+49111', NOW)
  const claim = {
    campaign: campaign.id,
    node: 'a',
    gateway: 'carrier',
    core: randomUUID(),
    now: NOW,
    until: NOW + 1_000,
    ids: [randomUUID()],
  }
  const [claimed] = await claimDue(sql, claim)
  assert.equal((await attemptWithId(sql, claimed!.attempt))?.gateway, 'carrier')
  await records.ended(
    recordOf(
      beginning({ uuid: claimed!.attempt as Uuid, direction: 'out', from: '+49111', to: '+4930' }),
      [],
      CLEARED,
      NOW + 5_000,
    ),
  )
  await records.ended(recordOf(beginning(), [], CLEARED, NOW + 5_000))
  const calls = await recentCalls(sql, 10, undefined, { campaign: 'spring' })
  assert.deepEqual(
    calls.map(call => [call.campaign, call.lead, call.attempt, call.gateway, call.customer]),
    [['spring', claimed!.lead, claimed!.attempt, 'carrier', '+49111']],
  )
})

test('a call that an agent has dialled is found by the number of the customer, written with a plus or without', async t => {
  const { sql, records, beginning } = await rig(t)
  await records.ended(
    recordOf(
      beginning({ direction: 'out', from: '1001', to: '', agent: 'alice', customer: '+49222' }),
      [],
      CLEARED,
      NOW + 5_000,
    ),
  )
  for (const number of ['+49222', '49222']) {
    const [call] = await recentCalls(sql, 10, undefined, { number })
    assert.deepEqual([call?.agent, call?.customer, call?.to], ['alice', '+49222', '+49222'])
  }
})

test('the examples of the documentation are SQL that this database understands', async t => {
  const { sql } = await rig(t)
  const page = await readFile(new URL('../../docs/records.md', import.meta.url), 'utf8')
  const examples = [...page.matchAll(/```sql\n([^`]+)```/g)]
    .flatMap(([, text]) => text!.split(/;\n/))
    .filter(text => text.trim() !== '')
  assert.equal(examples.length, 2)
  for (const example of examples)
    assert.deepEqual([...(await sql.alone(async connection => connection.unsafe(example)))], [])
  const columns = await sql<
    { name: string }[]
  >`select column_name::text as name from information_schema.columns where table_name = 'calls'`
  assert.ok(columns.length > 20)
  for (const { name } of columns) assert.ok(page.includes(`\`${name}\``), `docs/records.md explains ${name}`)
})
