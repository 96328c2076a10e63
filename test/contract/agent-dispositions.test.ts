/** What agents say of their calls: it reaches the attempt, the lead and the ledger, and the last word counts. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { disposeAttempt } from '../../src/campaign/agent-disposition.ts'
import { campaignFrom } from '../../src/campaign/campaign.ts'
import { AGENT_DISPOSITIONS, type AttemptEnd } from '../../src/campaign/disposition.ts'
import { budget } from '../../src/campaign/law/budget.ts'
import { policyOf } from '../../src/campaign/law/laws.ts'
import { settleAttempt } from '../../src/campaign/settle-attempt.ts'
import { attemptWithId, triesOf } from '../../src/store/attempts.ts'
import { finishCampaign, putCampaign } from '../../src/store/campaigns.ts'
import { givenDispositions, saveOwnDisposition } from '../../src/store/dispositions.ts'
import { isOptedOut } from '../../src/store/do-not-call.ts'
import { leadsOf } from '../../src/store/leads.ts'
import { pick, seeded } from '../fault/links-chance.ts'
import { DAY, HOUR, NOW, openOutcomes } from './outcomes-rig.ts'

const LATER = NOW + 10 * 60_000

async function rig(...[t, settings]: Parameters<typeof openOutcomes>) {
  const open = await openOutcomes(t, settings)
  const says = (
    attempt: string,
    disposition: string,
    more: { callAt?: number | undefined; at?: number; agent?: string } = {},
  ) =>
    disposeAttempt(
      open.sql,
      attempt,
      { disposition, agent: more.agent ?? 'alice', callAt: more.callAt },
      more.at ?? LATER,
    )
  const budgetAt = (now: number) => budget(open.sql, open.spring, policyOf(open.spring.law), now)
  return { ...open, says, budgetAt }
}

test('a lead who has bought is done, and a lead who wants a call at four gets one at four', async t => {
  const { sql, says, talked, lead } = await rig(t)
  const attempt = await talked()
  const four = NOW + 7 * HOUR
  assert.equal((await says(attempt, 'callback', { callAt: four }))?.again, four)
  assert.deepEqual([(await lead()).state, (await lead()).nextAt.getTime()], ['ready', four])
  assert.equal((await says(attempt, 'SALE'))?.again, null)
  const { state, disposition, attempts } = await lead()
  assert.deepEqual([state, disposition, attempts], ['done', 'sale', 1])
  const { disposition: flowSaid, agentDisposition } = (await attemptWithId(sql, attempt))!
  assert.deepEqual([flowSaid, agentDisposition], ['talked', 'sale'])
  const given = await givenDispositions(sql, attempt)
  assert.deepEqual(
    given.map(one => [one.disposition, one.agent, one.callAt?.getTime()]),
    [
      ['callback', 'alice', four],
      ['sale', 'alice', undefined],
    ],
  )
})

test('a promised call is made although the lead has used up all attempts', async t => {
  const { says, talked, lead } = await rig(t, { maxAttempts: 1 })
  const attempt = await talked()
  await says(attempt, 'callback', { callAt: NOW + DAY })
  assert.equal((await lead()).nextAt.getTime(), NOW + DAY)
  await says(attempt, 'callback')
  assert.equal((await lead()).state, 'done')
})

test('a lead who wants no more calls is on the list of opt-outs, also when the agent says something else after that', async t => {
  const { sql, says, talked, lead } = await rig(t)
  const attempt = await talked()
  await says(attempt, 'dnc'.toUpperCase())
  await says(attempt, 'callback', { callAt: NOW + DAY })
  const { state, phone } = await lead()
  assert.equal(state, 'done')
  assert.equal(await isOptedOut(sql, phone), true)
})

test('what an agent says before the call is settled counts when it is', async t => {
  const { sql, says, answered, lead } = await rig(t)
  const attempt = await answered()
  const { told: _told, ...said } = (await says(attempt, 'callback', { callAt: NOW + DAY, at: NOW + 50_000 }))!
  assert.deepEqual(said, {
    changed: true,
    disposition: 'callback',
    campaign: 'spring',
    lead: (await lead()).id,
    again: null,
    resumed: false,
  })
  const settled = await settleAttempt(sql, attempt, 'talked', { agent: 'alice' }, NOW + 60_000)
  assert.deepEqual([settled?.disposition, settled?.again], ['callback', NOW + DAY])
  assert.equal((await lead()).nextAt.getTime(), NOW + DAY)
})

test('a word that is given twice changes the next call once', async t => {
  const { sql, says, talked, lead } = await rig(t)
  const attempt = await talked()
  const first = await says(attempt, 'callback')
  assert.deepEqual([first?.changed, first?.again], [true, NOW + 60_000 + HOUR])
  const second = await says(attempt, 'CALLBK', { at: LATER + 5 * 60_000 })
  assert.deepEqual([second?.changed, second?.again], [false, NOW + 60_000 + HOUR])
  assert.equal((await givenDispositions(sql, attempt)).length, 1)
  const both = await Promise.all([says(attempt, 'machine'), says(attempt, 'machine')])
  assert.deepEqual(both.map(one => one?.changed).sort(), [false, true])
  assert.equal((await lead()).attempts, 1)
})

test('whatever agents say, and whatever the flow returned, the lead is called as if only the last word had been said', async t => {
  const { sql, says, campaign } = await rig(t)
  const random = seeded(2_603)
  const plain = await campaign({ name: 'plain', maxAttempts: 2, law: { name: 'ofcom' } })
  const other = await campaign({ name: 'corrected', maxAttempts: 2, law: { name: 'ofcom' } })
  const { answered } = openOutcomesOn(sql)
  for (let round = 0; round < 60; round++) {
    const now = NOW + round * HOUR
    const words = Array.from({ length: 1 + Math.floor(random() * 4) }, () => pick(random, AGENT_DISPOSITIONS))
    const last = words.at(-1)!
    const callAt = last === 'callback' && random() < 0.5 ? now + 2 * DAY : undefined
    const evidence = { greetedAt: now + 1_000, connectedAt: now + pick(random, [2_000, 9_000]) }
    if (words.slice(0, -1).includes('opted-out')) continue // an opt-out stays
    const [one, two] = [await answered(now, plain.id, round), await answered(now, other.id, round)]
    await settleAttempt(sql, one, 'talked', evidence, now + 60_000)
    await says(one, last, { callAt, at: now + 60_000 })
    await settleAttempt(sql, two, pick(random, ['talked', 'machine', 'error'] as AttemptEnd[]), evidence, now + 60_000)
    for (const word of words) await says(two, word, { ...(word === last && { callAt }), at: now + 60_000 })
    const [expected, found] = await Promise.all(
      [one, two].map(async id => {
        const [row] =
          await sql`select l.state, l.next_at, l.disposition, l.attempts from leads l join attempts a on a.lead_id = l.id where a.id = ${id}`
        return row
      }),
    )
    if (expected!['state'] === 'done') delete expected!['next_at']
    if (found!['state'] === 'done') delete found!['next_at']
    assert.deepEqual(found, expected, `round ${round}: ${words.join(', ')}`)
  }
})

test('a word about an older call changes that call, and the next call only when the lead is lost or won by it', async t => {
  const { sql, says, ended, lead } = await rig(t)
  const first = await ended('machine', { heard: 'machine' })
  const second = await ended('machine', { heard: 'machine' }, NOW + 3 * HOUR)
  const before = (await lead()).nextAt.getTime()
  assert.equal((await says(first, 'callback', { at: NOW + 4 * HOUR }))?.again, before)
  assert.equal((await lead()).nextAt.getTime(), before)
  assert.deepEqual((await triesOf(sql, [(await lead()).id])).get((await lead()).id), { callback: 1, machine: 1 })
  assert.equal((await says(first, 'sale', { at: NOW + 4 * HOUR }))?.again, null)
  assert.deepEqual([(await lead()).state, (await lead()).disposition], ['done', 'sale'])
  assert.equal((await attemptWithId(sql, second))?.agentDisposition, null)
})

test('a word about a call while the lead is called again leaves the call under way alone', async t => {
  const { says, ended, calls, lead } = await rig(t)
  const first = await ended('machine', { heard: 'machine' })
  await calls(NOW + 3 * HOUR)
  assert.equal((await lead()).state, 'claimed')
  await says(first, 'callback', { at: NOW + 3 * HOUR + 1, callAt: NOW + DAY })
  assert.equal((await lead()).state, 'claimed')
})

test('a campaign that is done runs again for the lead who wants a call', async t => {
  const { sql, spring, says, talked, again } = await rig(t)
  const attempt = await talked()
  assert.equal(await finishCampaign(sql, spring.id, NOW), true)
  assert.equal((await says(attempt, 'sale'))?.resumed, false)
  assert.equal((await again()).state, 'done')
  assert.equal((await says(attempt, 'callback', { callAt: NOW + DAY }))?.resumed, true)
  assert.deepEqual([(await again()).state, (await again()).endedAt], ['running', null])
})

test('a machine that was taken for a person leaves the live calls of the hour in which it was called', async t => {
  const { says, talked, abandoned, budgetAt } = await rig(t)
  const machine = await talked(NOW)
  await talked(NOW + 25 * HOUR)
  await abandoned(NOW + 25 * HOUR)
  const yesterday = await budgetAt(NOW + HOUR)
  assert.deepEqual([yesterday.live, yesterday.abandoned], [1, 0])
  await says(machine, 'A', { at: NOW + 26 * HOUR })
  const [then, now] = [await budgetAt(NOW + HOUR), await budgetAt(NOW + 26 * HOUR)]
  assert.deepEqual([then.live, now.live, now.abandoned], [0, 2, 1])
  await says(machine, 'sale', { at: NOW + 26 * HOUR })
  assert.equal((await budgetAt(NOW + HOUR)).live, 1)
})

test('a campaign has words of its own, and its agents may use them and no others', async t => {
  const { sql, spring, says, talked, lead } = await rig(t)
  const row = { name: 'no-budget', behavesAs: 'declined', status: 'NOBUD', means: 'no money this year', again: '30d' }
  await saveOwnDisposition(sql, spring.id, row, NOW)
  const attempt = await talked()
  await assert.rejects(says(attempt, 'nonsense'), {
    message: /'nonsense' is no disposition .* no-budget, talked, sale/,
  })
  await assert.rejects(says(attempt, 'abandoned'), { code: 'BAD_INPUT' })
  await assert.rejects(says(attempt, 'sale', { callAt: NOW }), { message: /takes no time/ })
  assert.equal((await says(attempt, 'nobud'))?.disposition, 'no-budget')
  const { disposition, nextAt } = await lead()
  assert.deepEqual([disposition, nextAt.getTime()], ['no-budget', NOW + 60_000 + 30 * DAY])
})

test('a call that is no campaign call has no attempt to correct', async t => {
  const { says } = await rig(t)
  assert.equal(await says('5b0e7f32-6b1c-4d8e-9a51-2f4f6a3f9d10', 'sale'), null)
})

test('nobody who was abandoned is called before the time of the law is over, whatever the campaign says', async t => {
  const { sql, campaign, abandoned } = await rig(t)
  for (const [law, after] of [
    ['ofcom', 72 * HOUR],
    ['strict', 72 * HOUR],
    ['ftc', HOUR],
  ] as const) {
    const one = await campaign({ name: law, law: { name: law }, retry: { abandoned: { after: '1h' } } })
    await abandoned(NOW, one)
    assert.equal((await leadsOf(sql, one.id, 1))[0]!.nextAt.getTime(), NOW + 60_000 + after, law)
  }
  const longer = await putCampaign(
    sql,
    campaignFrom({
      name: 'ftc',
      queue: 'sales',
      law: { name: 'ftc', lockMs: DAY },
      retry: { abandoned: { after: '1h' } },
    }),
  )
  await abandoned(NOW, longer)
  assert.equal((await leadsOf(sql, longer.id, 2))[1]!.nextAt.getTime(), NOW + 60_000 + DAY)
})

/** Leads of their own for each call, so that two campaigns can be compared. */
function openOutcomesOn(sql: Awaited<ReturnType<typeof rig>>['sql']) {
  return {
    answered: async (now: number, campaign: string, n: number) => {
      const [row] = await sql<[{ id: string }]>`
        with one as (insert into leads (campaign_id, phone, state, claimed_until, claimed_by)
          values (${campaign}, ${`+4930${campaign.slice(0, 4)}${n}`}, 'claimed', ${new Date(now + DAY)}, 'a') returning id)
        insert into attempts (id, campaign_id, lead_id, node, state, intended_at, answered_at)
        select gen_random_uuid(), ${campaign}, id, 'a', 'answered', ${new Date(now)}, ${new Date(now)} from one returning id`
      return row.id
    },
  }
}
