/** What supervisors ask of outcomes: dispositions, the word of an agent, the report of compliance and its file. */
import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { disposeAttempt } from '../../src/campaign/agent-disposition.ts'
import { attemptWithId } from '../../src/store/attempts.ts'
import { callWithId, openCall } from '../../src/store/calls.ts'
import { campaignNamed, finishCampaign } from '../../src/store/campaigns.ts'
import { VirtualClock } from '../../src/testing/index.ts'
import { DAY, HOUR, NOW, openOutcomes } from './outcomes-rig.ts'
import { memoryRoster } from './outcomes-roster.ts'
import { typedCommands } from './typed-commands.ts'

async function desk(t: TestContext) {
  const rig = await openOutcomes(t, { law: { name: 'ftc' } })
  const { sql } = rig
  const clock = new VirtualClock(NOW + HOUR)
  const roster = await memoryRoster(clock)
  const told: string[] = []
  const events = { tell: (name: string) => void told.push(name) }
  const rung: string[] = []
  const wakeup = { ring: async ({ name }: { name: string }) => void rung.push(name) }
  const typed = typedCommands({ sql, clock, roster, events, wakeup, scripts: 'scripts' })
  const types = (words: string) => typed(...words.split(' '))
  /** alice has talked with a lead, whose call has a record. */
  async function aliceTalks(): Promise<string> {
    const call = await rig.talked()
    const who = { direction: 'outbound', from: null, to: '+4917', core: null, node: 'a', agent: 'alice' } as const
    await openCall(sql, { id: call, flow: 'campaign-leg', startedAt: NOW, ...who })
    const epoch = (await roster.reserve('alice', call, clock.now(), 60_000))!
    await roster.advance('alice', epoch, 'talking', clock.now())
    await roster.release('alice', epoch, 'talked', clock.now())
    return call
  }
  return { ...rig, types, told, rung, aliceTalks, roster, clock }
}

test('an agent promises a call in the wrap-up: the lead, the record and the dialer know, and the campaign runs again', async t => {
  const { sql, types, told, rung, aliceTalks, lead, spring, again } = await desk(t)
  const call = await aliceTalks()
  await finishCampaign(sql, spring.id, NOW + 1)
  const said = await types('agent disposition alice callbk --call-at 2026-03-03T15:30+01:00')
  assert.equal(said.code, 0, said.err)
  assert.equal((await lead()).nextAt.toISOString(), '2026-03-03T14:30:00.000Z')
  assert.equal((await callWithId(sql, call))?.crm['disposition'], 'callback')
  assert.equal((await again()).state, 'running')
  assert.deepEqual(rung, ['spring'])
  assert.deepEqual(told, ['lead.corrected', 'campaign.started'])
  await types('agent disposition alice callbk --call-at 2026-03-03T15:30+01:00')
  assert.deepEqual(told, ['lead.corrected', 'campaign.started'], 'said twice, told once')
})

test('a word that a campaign does not have, a time that fits no word, and the call of another agent are refused', async t => {
  const { types, aliceTalks, talked } = await desk(t)
  const call = await aliceTalks()
  const wrong: [string, number, RegExp][] = [
    ['agent disposition alice nonsense', 2, /'nonsense' is no disposition of this campaign; allowed: talked, sale/],
    ['agent disposition alice sale --call-at 2026-03-03T15:30+01:00', 2, /'sale' takes no time/],
    ['agent disposition alice callback --call-at tomorrow', 2, /'tomorrow' is no moment/],
    [`agent disposition bob sale --call ${call}`, 4, /agent bob has not talked in the call/],
    [`agent disposition alice sale --call ${await talked()}`, 4, /agent alice has not talked in the call/],
    ['agent disposition bob sale', 4, /agent bob has not talked with a caller yet/],
  ]
  for (const [words, code, message] of wrong) {
    const said = await types(words)
    assert.equal(said.code, code, `${words}: ${said.err}`)
    assert.match(said.err, message, words)
  }
})

test('an earlier call of an agent is corrected by its uuid, and the last one keeps its word', async t => {
  const { sql, types, aliceTalks, roster, clock } = await desk(t)
  const first = await aliceTalks()
  await aliceTalks()
  assert.equal((await types('agent disposition alice sale')).code, 0)
  assert.equal((await types(`agent disposition alice A --call ${first}`)).code, 0)
  assert.equal((await attemptWithId(sql, first))?.agentDisposition, 'machine')
  assert.equal((await roster.get('alice', clock.now()))?.lastTalk?.disposition, 'sale')
})

test('a supervisor adds a disposition to a campaign, sees it beside the built-in ones, and removes it', async t => {
  const { types } = await desk(t)
  const added = await types('disposition add spring no-budget --as declined --again 30d --status NOBUD')
  assert.equal(added.out, 'disposition no-budget behaves as declined, next call: 30d\n', added.err)
  const list = await types('disposition list spring')
  assert.match(list.out, /no-budget \(as declined\) +NOBUD +agent +30d +no-budget +human, contact, not-interested/)
  assert.match(list.out, /machine +AA, A +flow, agent +2h/)
  assert.doesNotMatch((await types('disposition list')).out, /no-budget/)
  assert.equal((await types('disposition add spring sale --as declined')).code, 2)
  assert.match((await types('disposition add spring x --as abandoned')).err, /abandoned/)
  assert.equal((await types('disposition remove spring no-budget')).code, 0)
  assert.equal((await types('disposition remove spring no-budget')).code, 3)
})

test('the report of compliance names the law and its source, and its file has the evidence of every call', async t => {
  const { sql, types, talked, abandoned, ended } = await desk(t)
  for (let n = 0; n < 3; n++) await talked(NOW + n)
  await disposeAttempt(sql, await talked(NOW + 5), { disposition: 'A', agent: 'alice' }, NOW + HOUR)
  await abandoned(NOW + 6)
  await ended('abandoned', { greetedAt: NOW + 1_000, unserved: true }, NOW + 7)
  const folder = await mkdtemp(join(tmpdir(), 'switchhook-evidence-'))
  t.after(() => rm(folder, { recursive: true }))
  const file = join(folder, 'out.csv')
  const { code, out, err } = await types(`compliance spring --file ${file}`)
  assert.equal(code, 0, err)
  assert.match(out, /law +ftc: United States/)
  assert.match(out, /source +16 CFR 310\.4\(b\)\(1\)\(iv\)/)
  assert.match(out, / 5 +2 +40\.0 % +3\.0 % +.* 0 +1 +1\n/)
  assert.equal(err, `6 calls were written to ${file}\n`)
  const lines = (await readFile(file, 'utf8')).trim().split('\n')
  assert.equal(lines.length, 7)
  assert.match(lines[0]!, /^attempt,lead,phone,law,heard,answeredAt,detectedAt,greetedAt,connectedAt,messageAt/)
  assert.equal(lines.filter(line => line.endsWith(',machine,served,machine')).length, 1)
  assert.equal(lines.filter(line => line.endsWith(',abandoned,abandoned,abandoned')).length, 2)
  assert.equal((await types(`compliance spring --file ${folder}/none/out.csv`)).code, 1)
  assert.equal((await types('compliance autumn')).code, 3)
})

test('a campaign gets its law by a command, and a laxer number is refused', async t => {
  const { sql, types, talked } = await desk(t)
  const set = async (words: string) => (await types(`campaign set spring ${words}`)).err
  assert.match(await set('--max-abandoned 5'), /max_abandoned is 5 %; the law ftc allows at most 3 %/)
  assert.equal(await set('--law ofcom --detection-errors 2 --max-abandoned 2.5'), '')
  assert.deepEqual((await campaignNamed(sql, 'spring'))?.law, {
    name: 'ofcom',
    maxAbandoned: 0.025,
    detectionErrors: 0.02,
  })
  assert.equal(await set('--abandoned-lock 96h'), '')
  assert.equal((await campaignNamed(sql, 'spring'))?.law.lockMs, 4 * DAY)
  await talked()
  const { out } = await types('compliance spring --json')
  const { law, windows } = JSON.parse(out) as { law: Record<string, unknown>; windows: { live: number }[] }
  assert.deepEqual([law['maxAbandoned'], law['lockMs'], law['deadlineFrom']], [0.025, 4 * DAY, 'answer'])
  assert.equal(windows[0]?.live, 1)
  assert.match((await types('compliance spring')).out, /to be checked +maxAbandoned, deadlineFrom, detectionErrors/)
  assert.match((await types('compliance spring')).out, /the worst 24 hours of the last 30 days began/)
  assert.match((await types('campaign show spring')).out, /law +ofcom/)
  assert.match((await types('figures campaign spring --window 2026-03-02')).out, /ofcom: 0\.0 % of 2\.5 %/)
  assert.match((await types('campaign leads spring')).out, /1 talked/)
})
