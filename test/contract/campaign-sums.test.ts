/** The figures of a campaign, over a window and at this moment: whatever happened, they are what the rows say. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { memoryRoster } from './outcomes-roster.ts'
import { disposeAttempt } from '../../src/campaign/agent-disposition.ts'
import { AGENT_DISPOSITIONS, ATTEMPT_ENDS } from '../../src/campaign/disposition.ts'
import { settleAttempt, refuseAttempt } from '../../src/campaign/settle-attempt.ts'
import figuresCampaign from '../../src/operations/figures/campaign.ts'
import figuresGateway from '../../src/operations/figures/gateway.ts'
import type { OutputOf } from '../../src/operations/operation.ts'
import { saveAgentStates } from '../../src/store/agent-states.ts'
import { dialRatio } from '../../src/store/dial-ratio.ts'
import { markAttempt } from '../../src/store/attempts.ts'
import type { Sql } from '../../src/store/sql.ts'
import { VirtualClock } from '../../src/testing/index.ts'
import { pick, seeded } from '../fault/links-chance.ts'
import { HOUR, NOW, openOutcomes } from './outcomes-rig.ts'

const MINUTE = 60_000

type Part = OutputOf<typeof figuresCampaign>[number]['parts'][number]

interface Row {
  readonly disposition: string | null
  readonly agent_disposition: string | null
  readonly amd: string | null
  readonly counts_as: string | null
  readonly agent_counts_as: string | null
  readonly answered_at: Date | null
  readonly greeted_at: Date | null
  readonly connected_at: Date | null
  readonly ended_at: Date
}

/** Every figure of one part, from the rows of the attempts alone. */
function byHand(rows: readonly Row[], hours: number): Omit<Part, 'from' | 'to' | 'averageIdleMs'> {
  const n = (fits: (row: Row) => boolean) => rows.filter(fits).length
  const share = (part: number, whole: number) => (whole === 0 ? null : part / whole)
  const word = ({ agent_disposition: said, disposition }: Row) => said ?? disposition
  const counts = ({ agent_counts_as: said, counts_as: as, answered_at: at }: Row) => (at === null ? null : (said ?? as))
  const said = (...words: string[]) => n(row => words.includes(word(row)!))
  const connected = rows.filter(row => row.connected_at !== null)
  const [attempts, answered] = [n(row => word(row) !== null), n(row => word(row) !== null && row.answered_at !== null)]
  const people = n(row => ['served', 'abandoned'].includes(counts(row)!))
  const abandoned = n(row => counts(row) === 'abandoned')
  const within = (ms: number) =>
    connected.filter(
      row => row.answered_at && row.connected_at!.getTime() - (row.greeted_at ?? row.answered_at).getTime() <= ms,
    ).length
  const inTime = within(1_000)
  const machines = connected.filter(row => row.amd === 'machine')
  const falseOnes = machines.filter(row => ['served', 'abandoned'].includes(counts(row)!)).length
  const waits = connected.flatMap(row =>
    row.answered_at ? row.connected_at!.getTime() - row.answered_at.getTime() : [],
  )
  const checked = connected.filter(row => row.amd === 'person')
  const missed = checked.filter(row => counts(row) === 'machine').length
  const contacts = said('talked', 'sale', 'message', 'transferred', 'declined', 'callback', 'opted-out')
  const dispositions: Record<string, number> = {}
  for (const row of rows) if (word(row) !== null) dispositions[word(row)!] = (dispositions[word(row)!] ?? 0) + 1
  return {
    attempts,
    refused: n(row => word(row) === null),
    answered,
    answerRate: share(answered, attempts),
    persons: n(row => row.amd === 'person'),
    machines: n(row => row.amd === 'machine'),
    unknown: n(row => row.amd === 'unknown'),
    missedMachines: missed,
    missedMachineRate: share(missed, checked.length),
    people,
    abandoned,
    abandonRate: share(abandoned, people),
    dropRate: share(abandoned, answered),
    connected: connected.length,
    connectedInTime: inTime,
    connectedInTimeRate: share(inTime, connected.length),
    connectedIn2s: within(2_000),
    connectedIn2sRate: share(within(2_000), connected.length),
    falseMachines: falseOnes,
    falseMachineRate: share(falseOnes, machines.length),
    averageConnectMs:
      connected.length === 0 ? null : Math.round(waits.reduce((sum, one) => sum + one, 0) / connected.length),
    contacts,
    sales: said('sale'),
    saleRate: share(said('sale'), contacts),
    notInterested: said('declined'),
    callbacks: said('callback'),
    optOuts: said('opted-out'),
    completed: said('talked', 'sale', 'message', 'voicemail', 'transferred'),
    dispositions,
    dispositionsPerHour: Object.fromEntries(Object.entries(dispositions).map(([what, times]) => [what, times / hours])),
  }
}

const figures = async (sql: Sql, now: number, input: object = {}) => {
  const clock = new VirtualClock(now)
  const parts = { sql, clock, roster: await memoryRoster(clock) } as never
  const asked = figuresCampaign.input.parse({ campaign: 'spring', window: '2026-03-02', ...input })
  return (await figuresCampaign.run(parts, asked, {} as never))[0]!
}

test('after any history every figure of every half hour is what the rows of the attempts say', async t => {
  const { sql, calls } = await openOutcomes(t, { maxAttempts: 100, law: { name: 'strict', connectWithinMs: 1_000 } })
  const random = seeded(77)
  const ended: string[] = []
  let now = NOW
  const moment = () => (random() < 0.4 ? null : now + Math.floor(random() * 4_000))
  for (let round = 0; round < 150; round++) {
    now += Math.floor(random() * 3 * 60_000)
    const id = await calls(now)
    if (random() < 0.1) {
      await refuseAttempt(sql, id, 'GATEWAY_DOWN', now, now)
      continue
    }
    const isAnswered = random() < 0.7
    if (isAnswered) await markAttempt(sql, id, 'answered', now)
    const evidence = isAnswered
      ? {
          ...{ greetedAt: moment(), connectedAt: moment(), unserved: random() < 0.2, agent: 'alice' },
          heard: pick(random, ['person', 'person', 'machine', 'unknown', null] as const),
        }
      : {}
    await settleAttempt(sql, id, pick(random, ATTEMPT_ENDS), evidence, now + 5_000)
    ended.push(id)
    if (random() < 0.5)
      await disposeAttempt(
        sql,
        pick(random, ended),
        { disposition: pick(random, AGENT_DISPOSITIONS), agent: 'alice' },
        now,
      )
  }
  const rows = await sql<Row[]>`select * from attempts where state = 'ended'`
  const { parts } = await figures(sql, now + HOUR, { by: '30m' })
  assert.ok(parts.length > 4, `${parts.length} half hours`)
  let counted = 0
  for (const { from, to, averageIdleMs, ...found } of parts) {
    const own = rows.filter(row => row.ended_at >= from && row.ended_at < to)
    counted += own.length
    assert.deepEqual(found, byHand(own, (to.getTime() - from.getTime()) / HOUR), from.toISOString())
    assert.equal(averageIdleMs, null)
  }
  assert.equal(counted, rows.length, 'every attempt is in one half hour')
})

test('how long agents were ready before a talk of the campaign is measured from the end of the call before', async t => {
  const { sql, talked } = await openOutcomes(t)
  const attempt = await talked(NOW + 60_000) // joined 1.5 s after the answer
  const row = { rev: 0, status: 'ready', reason: null, restsUntil: null, breakUntil: null, call: null, queue: 'sales' }
  const at = (ms: number, state: string, more = {}) => ({ ...row, agent: 'alice', at: NOW + ms, state, ...more })
  await saveAgentStates(sql, [
    at(0, 'wrap-up'),
    at(31_500, 'idle'),
    at(50_000, 'reserved', { call: attempt }),
    at(61_400, 'talking', { call: attempt }),
  ])
  const { parts } = await figures(sql, NOW + HOUR)
  assert.equal(parts[0]?.averageIdleMs, 30_000)
})

test('what goes on is counted by how far each call is', async t => {
  const { sql, calls, answered, talked } = await openOutcomes(t)
  await talked(NOW - HOUR)
  for (const stage of ['sent', 'ringing', null] as const) {
    const id = await calls(NOW)
    if (stage) await markAttempt(sql, id, 'sent', NOW)
    if (stage === 'ringing') await markAttempt(sql, id, 'ringing', NOW)
  }
  await answered(NOW)
  const id = await answered(NOW)
  await sql`update attempts set connected_at = ${new Date(NOW)} where id = ${id}`
  const { now, law, state } = await figures(sql, NOW + 10_000)
  assert.deepEqual(now, {
    ...{ dialling: 2, ringing: 1, waiting: 1, talking: 1, callsPerSecond: 2 / 60, agentsReady: 2, linesPerAgent: 2 },
  })
  assert.deepEqual([state, law.name, law.live, law.share], ['running', 'strict', 1, 0])
})

test('the lowest and the highest dial ratio of a window are those of its calls and agents, minute by minute', async t => {
  const { sql, calls, spring } = await openOutcomes(t, { maxAttempts: 100 })
  const random = seeded(78)
  const to = NOW + 30 * MINUTE
  const some = (most: number) => Math.floor(random() * most)
  for (let n = 0; n < 60; n++) {
    const id = await calls(NOW)
    const sent = NOW - 5 * MINUTE + some(35 * MINUTE)
    const connected = random() < 0.3 ? sent + some(MINUTE) : null
    const ended = random() < 0.8 ? Math.max(sent, connected ?? 0) + some(4 * MINUTE) : null
    await settleAttempt(sql, id, 'busy', {}, NOW)
    const date = (ms: number | null) => (ms === null ? null : new Date(ms))
    await sql`
      update attempts set sent_at = ${date(sent)}, connected_at = ${date(connected)}, ended_at = ${date(ended)},
        state = ${ended === null ? 'answered' : 'ended'}, phone = ${`+491800${n}`} where id = ${id}`
    await sql`update leads set next_at = ${new Date(NOW)}, state = 'ready', claimed_until = null, claimed_by = null where id in (select lead_id from attempts where id = ${id} and ended_at is not null)`
  }
  const idle = { reason: null, restsUntil: null, breakUntil: null, call: null, queue: 'sales' }
  const names = ['alice', 'bea']
  const states = names.flatMap(agent =>
    Array.from({ length: 25 }, (_, rev) => ({
      ...{ ...idle, agent, rev, at: NOW - 10 * MINUTE + some(40 * MINUTE) },
      status: pick(random, ['ready', 'ready', 'on-demand', 'break', 'logged-out']),
      state: pick(random, ['idle', 'reserved', 'talking', 'wrap-up']),
    })),
  )
  await saveAgentStates(sql, states)
  const rows = await sql<{ sent_at: Date; connected_at: Date | null; ended_at: Date | null }[]>`select * from attempts`
  const ratios: number[] = []
  for (let at = NOW; at <= to; at += MINUTE) {
    const under = rows.filter(row => +row.sent_at <= at && !(+(row.connected_at ?? row.ended_at ?? Infinity) <= at))
    const ready = names.filter(name => {
      const own = states
        .filter(one => one.agent === name && one.at <= at)
        .toSorted((a, b) => a.at - b.at || a.rev - b.rev)
      const last = own.at(-1)
      return last && ['ready', 'on-demand'].includes(last.status) && ['idle', 'reserved'].includes(last.state)
    })
    if (ready.length > 0) ratios.push(under.length / ready.length)
  }
  assert.ok(new Set(ratios).size > 3, `${ratios.length} minutes with agents`)
  const found = await dialRatio(sql, spring.id, names, { from: NOW, to })
  assert.deepEqual(found, { lowest: Math.min(...ratios), highest: Math.max(...ratios) })
  assert.deepEqual(await dialRatio(sql, spring.id, [], { from: NOW, to }), { lowest: null, highest: null })
})

test('the hang-up causes of each gateway in the last minutes are what the rows of all campaigns say', async t => {
  const { sql, calls, campaign, spring } = await openOutcomes(t, { maxAttempts: 100 })
  const autumn = await campaign({ name: 'autumn' })
  const random = seeded(79)
  for (let n = 0; n < 80; n++) {
    const id = await calls(NOW, pick(random, [spring, autumn]))
    await settleAttempt(sql, id, 'busy', {}, NOW)
    await sql`
      update attempts set ended_at = ${new Date(NOW - Math.floor(random() * 90 * MINUTE))}, phone = ${`+491800${n}`},
        gateway = ${pick(random, ['carrier', 'backup', null])}, cause = ${pick(random, ['USER_BUSY', 'NO_ANSWER', null])} where id = ${id}`
    await sql`update leads set next_at = ${new Date(NOW)} where id in (select lead_id from attempts where id = ${id})`
    // of an answered call the cause is in its record only
    if (pick(random, [true, false]))
      await sql`
        insert into calls (id, flow, direction, started_at, hangup_cause)
        values (${id}, 'campaign-leg', 'outbound', ${new Date(NOW)}, 'NORMAL_CLEARING')`
  }
  const rows = await sql<{ gateway: string | null; cause: string | null; ended_at: Date }[]>`
    select a.gateway, coalesce(a.cause, r.hangup_cause) as cause, a.ended_at
    from attempts a left join calls r on r.id = a.id`
  const within = (minutes: number) => rows.filter(row => +row.ended_at > NOW - minutes * MINUTE)
  const asked = async (input: object = {}) => {
    const parts = { sql, clock: new VirtualClock(NOW) } as never
    return figuresGateway.run(parts, figuresGateway.input.parse(input), {} as never)
  }
  const found = await asked()
  assert.equal(
    found.reduce((sum, one) => sum + one.last60m, 0),
    within(60).length,
  )
  for (const { gateway, cause, share, ...counted } of found) {
    const [last1m, last5m, last15m, last60m] = [1, 5, 15, 60].map(
      minutes => within(minutes).filter(row => row.gateway === gateway && row.cause === cause).length,
    )
    assert.deepEqual(counted, { last1m, last5m, last15m, last60m })
    assert.equal(share, last60m! / within(60).filter(row => row.gateway === gateway).length)
  }
  assert.deepEqual(new Set((await asked({ gateway: 'backup' })).map(({ gateway }) => gateway)), new Set(['backup']))
  assert.deepEqual(await asked({ gateway: 'nowhere' }), [])
})

test('the list of a campaign and its people of today are in its figures, whatever the window is', async t => {
  const { sql, talked, abandoned, calls, ended } = await openOutcomes(t, { maxAttempts: 2 })
  await talked(NOW - 24 * HOUR)
  await talked(NOW)
  await abandoned(NOW + 1_000)
  await ended('opted-out', {}, NOW + 2_000)
  await calls(NOW + 3_000)
  const { today, list, parts } = await figures(sql, NOW + 2 * HOUR, { window: '15m' })
  assert.deepEqual([parts, today], [[], { people: 3, abandoned: 1, abandonRate: 1 / 3 }])
  const rows = await sql<{ state: string; disposition: string | null; n: number }[]>`
    select state, disposition, count(*) as n from leads group by 1, 2`
  const count = (state: string, disposition?: string) =>
    rows.reduce(
      (sum, row) => sum + (row.state === state && row.disposition === (disposition ?? row.disposition) ? row.n : 0),
      0,
    )
  const { leads, claimed, dialable, outsideHours, waiting, doNotCall, exhausted } = list
  assert.deepEqual([claimed, doNotCall], [count('claimed'), count('done', 'opted-out')])
  assert.deepEqual([dialable + outsideHours + waiting, doNotCall + exhausted], [count('ready'), count('done')])
  assert.deepEqual([leads, claimed, doNotCall], [rows.reduce((sum, { n }) => sum + n, 0), 1, 1])
})
