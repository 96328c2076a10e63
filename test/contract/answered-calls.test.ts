/**
 * The ledger of answered calls: written with every settlement and every correction, by nodes of every version, and its
 * sums are what counting gives.
 */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { disposeAttempt } from '../../src/campaign/agent-disposition.ts'
import type { Campaign } from '../../src/campaign/campaign.ts'
import { AGENT_DISPOSITIONS, ATTEMPT_ENDS } from '../../src/campaign/disposition.ts'
import { budget, worstDay } from '../../src/campaign/law/budget.ts'
import { compliance } from '../../src/campaign/law/compliance.ts'
import { counted } from '../../src/campaign/law/counting.ts'
import { LAW_NAMES, policyOf } from '../../src/campaign/law/laws.ts'
import { windowAt } from '../../src/campaign/law/windows.ts'
import { refuseAttempt, settleAttempt } from '../../src/campaign/settle-attempt.ts'
import { answeredCalls, answeredEver, answeredSums } from '../../src/store/answered-calls.ts'
import { removeCampaign, moveCampaign } from '../../src/store/campaigns.ts'
import type { Sql } from '../../src/store/sql.ts'
import { pick, seeded } from '../fault/links-chance.ts'
import { DAY, HOUR, NOW, openOutcomes } from './outcomes-rig.ts'

/** What the attempts' rows say: the words decide where no verdict was stored, as for an older version. */
async function countedFromAttempts(sql: Sql, campaign: string, { from, to }: { from: number; to: number }) {
  const rows = await sql<{ counts: string; at: Date; handled: boolean }[]>`
    select coalesce(agent_counts_as, counts_as) as counts, answered_at as at, connected_at is not null as handled from attempts
    where campaign_id = ${campaign} and state = 'ended' and answered_at is not null and disposition is not null`
  const within = rows.filter(({ at }) => at.getTime() >= from && at.getTime() < to)
  const n = (fits: (row: (typeof rows)[number]) => boolean) => within.filter(fits).length
  return {
    served: n(({ counts }) => counts === 'served'),
    abandoned: n(({ counts }) => counts === 'abandoned'),
    machines: n(({ counts, handled }) => counts === 'machine' && handled),
    detected: n(({ counts, handled }) => counts === 'machine' && !handled),
  }
}

test('after any history of two campaigns the budget of every law is what counting the attempts gives', async t => {
  const { sql, spring, campaign, calls, answered } = await openOutcomes(t, { maxAttempts: 100 })
  const autumn = await campaign({ name: 'autumn', law: { name: 'ofcom', detectionErrors: 0.02 } })
  const both: readonly Campaign[] = [spring, autumn]
  const random = seeded(9_022)
  const attempts: string[] = []
  let now = NOW
  const moment = () => (random() < 0.3 ? null : now + Math.floor(random() * 4_000))
  const settles = async () => {
    const attempt = random() < 0.5 ? await answered(now, pick(random, both)) : pick(random, attempts)
    attempts.push(attempt)
    const evidence = { answeredAt: random() < 0.2 ? now - 500 : null, greetedAt: moment(), connectedAt: moment() }
    const heard = pick(random, ['person', 'machine', 'unknown', null] as const)
    await settleAttempt(sql, attempt, pick(random, ATTEMPT_ENDS), { ...evidence, heard, unserved: random() < 0.2 }, now)
  }
  const acts = [
    async () => void attempts.push(await calls(now, pick(random, both))),
    async () => void attempts.push(await answered(now, pick(random, both))),
    settles,
    settles,
    settles,
    async () => void (await refuseAttempt(sql, pick(random, attempts), 'GATEWAY_DOWN', now, now)),
    async () => {
      const said = { disposition: pick(random, AGENT_DISPOSITIONS), agent: pick(random, ['alice', 'bob']) }
      await disposeAttempt(sql, pick(random, attempts), said, now)
    },
  ]
  attempts.push(await answered(now))
  for (let round = 0; round < 60; round++) {
    now += Math.floor(random() * 90 * 60_000)
    await Promise.all(Array.from({ length: 10 }, () => pick(random, acts)()))
    if (round % 15 !== 14) continue
    for (const one of both) {
      const all = await countedFromAttempts(sql, one.id, { from: 0, to: Infinity })
      const ever = await answeredEver(sql, one.id)
      assert.deepEqual([ever.get('served') ?? 0, ever.get('abandoned') ?? 0], [all.served, all.abandoned])
      for (const name of LAW_NAMES) {
        const policy = policyOf({ name, detectionErrors: name === 'ofcom' ? 0.02 : 0 })
        const asked = now - Math.floor(random() * 2 * DAY)
        const window = windowAt(policy.window, { began: NOW, timeZone: 'UTC' }, asked)
        const spent = await budget(sql, { ...one, startedAt: new Date(NOW) }, policy, now)
        const { from, to } = windowAt(policy.window, { began: NOW, timeZone: 'UTC' }, now)
        const expected = counted(await countedFromAttempts(sql, one.id, { from, to }), policy)
        assert.deepEqual({ live: spent.live, abandoned: spent.abandoned }, expected, `${name}, round ${round}`)
        assert.deepEqual(
          await answeredSums(sql, one.id, window),
          await countedFromAttempts(sql, one.id, window),
          `${name} some time ago, round ${round}`,
        )
      }
    }
  }
  const [{ calls: all, rows }] = await sql<[{ calls: number; rows: number }]>`
    select (select count(*) from answered_calls)::integer as calls, (select count(*) from answered_figures)::integer as rows`
  assert.ok(all > 60, `${all} answered calls`)
  const hours = (now - NOW) / HOUR
  assert.ok(rows < 2 * hours + 300, `${rows} rows for the sums of ${hours} hours`)
})

test('when six hundred words are said at many hands, the sums of each hour are right, and few rows hold them', async t => {
  const { sql, spring, talked } = await openOutcomes(t)
  const random = seeded(31)
  const attempts: string[] = []
  for (let n = 0; n < 30; n++) attempts.push(await talked(NOW + n * HOUR))
  for (let round = 0; round < 30; round++) {
    const says = () => {
      const said = { disposition: pick(random, ['machine', 'sale', 'silence'] as const), agent: 'alice' }
      return disposeAttempt(sql, pick(random, attempts), said, NOW + 40 * HOUR)
    }
    await Promise.all(Array.from({ length: 20 }, says))
  }
  for (let n = 0; n < 30; n++) {
    const hour = { from: NOW + n * HOUR, to: NOW + (n + 1) * HOUR }
    assert.deepEqual(
      await answeredSums(sql, spring.id, hour),
      await countedFromAttempts(sql, spring.id, hour),
      `hour ${n}`,
    )
  }
  const [{ rows }] = await sql<[{ rows: number }]>`select count(*)::integer as rows from answered_figures`
  assert.ok(rows < 300, `${rows} rows for 30 hours`)
})

test('a call that an older version settles is in the ledger, by its word', async t => {
  const { sql, spring, answered } = await openOutcomes(t)
  for (const word of ['talked', 'abandoned', 'machine', 'hung-up'] as const) {
    const id = await answered()
    await sql`update attempts set state = 'ended', disposition = ${word}, ended_at = ${new Date(NOW + 60_000)} where id = ${id}`
    await sql`update leads set state = 'done', claimed_until = null, claimed_by = null`
  }
  const sums = await answeredSums(sql, spring.id, { from: NOW, to: NOW + 1 })
  assert.deepEqual(sums, { served: 1, abandoned: 1, machines: 0, detected: 1 })
})

test('the evidence of each call has its times, and says what it counts as with and without the word of the agent', async t => {
  const { sql, spring, talked, abandoned, ended } = await openOutcomes(t, { law: { name: 'ftc' } })
  const machine = await talked(NOW)
  await disposeAttempt(sql, machine, { disposition: 'A', agent: 'alice' }, NOW + 120_000)
  const left = await abandoned(NOW + 1)
  const late = await ended('talked', { agent: 'bob', greetedAt: NOW + 1_000, connectedAt: NOW + 3_500 }, NOW + 2)
  const page = { limit: 2, deadlineFrom: 'greeting' } as const
  const first = await answeredCalls(sql, spring.id, page)
  const rest = await answeredCalls(sql, spring.id, { ...page, after: first[1]!.attempt })
  assert.deepEqual(
    [...first, ...rest].map(one => [one.attempt, one.disposition, one.countedAs, one.counts, one.waitMs, one.agent]),
    [
      [machine, 'machine', 'served', 'machine', 500, 'alice'],
      [left, 'abandoned', 'abandoned', 'abandoned', null, null],
      [late, 'talked', 'abandoned', 'abandoned', 2_500, 'bob'],
    ],
  )
  const [one, two] = first
  assert.deepEqual(
    [one!.law, one!.heard, one!.greetedAt?.getTime(), two!.messageAt?.getTime()],
    ['ftc', 'person', NOW + 1_000, NOW + 1 + 3_100],
  )
  assert.match(one!.phone!, /^\+4917/)
})

test('the report of compliance tells how people were treated in each window of the law', async t => {
  const { sql, spring, talked, abandoned, ended, again } = await openOutcomes(t, { law: { name: 'ftc' } })
  await talked(NOW)
  await abandoned(NOW + 1)
  await ended('abandoned', { greetedAt: NOW + 1_000, unserved: true }, NOW + 2)
  await ended('talked', { agent: 'bob', greetedAt: NOW + 1_000, connectedAt: NOW + 3_500 }, NOW + 3)
  const machine = await talked(NOW + 31 * DAY)
  await disposeAttempt(sql, machine, { disposition: 'machine', agent: 'alice' }, NOW + 31 * DAY)
  const { policy, windows, worst } = await compliance(sql, await again(), { most: 5, now: NOW + 31 * DAY })
  assert.deepEqual([policy.name, worst], ['ftc', null])
  const [second, first] = windows
  assert.equal(windows.length, 2)
  const {
    live,
    abandoned: many,
    share,
    limit,
    late,
    withoutMessage,
    corrected,
    longestWaitMs,
    longestMessageWaitMs,
  } = first!
  assert.deepEqual(
    { live, many, share, limit, late, withoutMessage, corrected },
    {
      ...{ live: 4, many: 3, share: 0.75, limit: 0.03, late: 1, withoutMessage: 1, corrected: 0 },
    },
  )
  assert.deepEqual([longestWaitMs, longestMessageWaitMs], [59_002, 2_100])
  assert.deepEqual([second!.live, second!.share, second!.corrected], [0, null, 1])
  assert.equal(first!.windowStart, NOW)
  assert.equal(spring.law.name, 'ftc')
})

test('a law for any 24 hours tells the worst of them', async t => {
  const { sql, spring, talked, abandoned } = await openOutcomes(t)
  for (let hour = 0; hour < 60; hour++) await talked(NOW + hour * HOUR)
  for (const hour of [3, 30, 40, 52]) await abandoned(NOW + hour * HOUR + 1)
  const worst = await worstDay(sql, spring, policyOf(spring.law), NOW)
  // from 29:00 on: 24 talks and those of 30:00, 40:00 and 52:00
  assert.deepEqual([worst?.live, worst?.abandoned, worst?.windowStart], [27, 3, NOW + 29 * HOUR])
  assert.equal(await worstDay(sql, spring, policyOf(spring.law), NOW + 90 * DAY), null)
})

test('a lead who is erased stays counted, and a campaign that is removed takes its ledger with it', async t => {
  const { sql, spring, talked } = await openOutcomes(t)
  await talked()
  await sql`delete from leads`
  const [left] = await answeredCalls(sql, spring.id, { limit: 9, deadlineFrom: 'answer' })
  assert.equal(left?.phone, null)
  assert.equal((await budget(sql, spring, policyOf(spring.law), NOW)).live, 1)
  await moveCampaign(sql, spring.id, ['running'], 'stopped', NOW)
  assert.equal(await removeCampaign(sql, 'spring'), true)
  const [rows] = await sql<[{ n: number }]>`
    select (select count(*) from answered_calls) + (select count(*) from answered_figures) as n`
  assert.equal(rows.n, 0)
})

test('no call is none of a campaign: a refusal leaves nothing in the ledger', async t => {
  const { sql, spring, answered } = await openOutcomes(t)
  await refuseAttempt(sql, await answered(), 'GATEWAY_DOWN', NOW, NOW)
  await settleAttempt(sql, randomUUID(), 'talked', {}, NOW)
  assert.deepEqual(await answeredCalls(sql, spring.id, { limit: 9, deadlineFrom: 'answer' }), [])
})
