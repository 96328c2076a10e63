/**
 * The queries that Switchhook repeats must not become slower with every call. PostgreSQL is asked for the plan of each
 * such query as it ran (auto_explain, with those of triggers and references), beside large tables. A new function of
 * the store must be added to one of the two lists.
 */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { refuseAttempt, settleAttempt } from '../../src/campaign/settle-attempt.ts'
import * as agentFigures from '../../src/store/agent-figures.ts'
import * as agentStates from '../../src/store/agent-states.ts'
import * as attempts from '../../src/store/attempts.ts'
import { newCallback } from '../../src/queue/callbacks/callback.ts'
import * as callbacks from '../../src/store/callbacks.ts'
import * as calls from '../../src/store/calls.ts'
import * as callSegments from '../../src/store/call-segments.ts'
import * as campaigns from '../../src/store/campaigns.ts'
import * as breakReasons from '../../src/store/break-reasons.ts'
import * as definitions from '../../src/store/definitions.ts'
import * as figures from '../../src/store/figures.ts'
import * as installation from '../../src/store/installation.ts'
import * as leadChanges from '../../src/store/lead-changes.ts'
import * as leads from '../../src/store/leads.ts'
import * as spellings from '../../src/store/number-spellings.ts'
import * as pacers from '../../src/store/pacers.ts'
import * as queueFigures from '../../src/store/queue-figures.ts'
import * as leadHistory from '../../src/store/lead-history.ts'
import * as numbers from '../../src/store/number-rules.ts'
import type { Sql } from '../../src/store/sql.ts'
import { faultsOf, large, MANY, NOW } from './large-tables.ts'
import * as doNotCall from '../../src/store/do-not-call.ts'
import { claimDue } from '../claim-due.ts'
import { API_ON_REQUEST, API_QUERIES } from './growth-api.ts'
import { CALLING_RULES, claimOf } from './growth-calling-rules.ts'
import { EVENT_QUERIES, EVENTS_ON_REQUEST } from './growth-events.ts'
import { OUTCOMES, OUTCOMES_ON_REQUEST } from './growth-outcomes.ts'
import { GATEWAY_QUERIES } from './growth-gateways.ts'
import { PEOPLE_ON_REQUEST, PEOPLE_QUERIES } from './growth-people.ts'
import { PREVIEW_QUERIES } from './growth-previews.ts'

const SOURCE = fileURLToPath(new URL('../../src/', import.meta.url))
const STORE = join(SOURCE, 'store/')

/** Queries of timers, calls and turns of dialers; each with the values of a large installation. */
const BY_ITSELF: Readonly<Record<string, (sql: Sql, campaign: string) => Promise<unknown>>> = {
  attemptWithId: sql => attempts.attemptWithId(sql, randomUUID()),
  markAttempt: async sql => {
    for (const playback of ['sent', 'ringing', 'answered'] as const)
      await attempts.markAttempt(sql, randomUUID(), playback, NOW)
  },
  markConnected: sql => attempts.markConnected(sql, randomUUID(), 'alice', NOW),
  endAttempt: async (sql, campaign) => {
    for (const attempt of await claimed(sql, campaign, 3)) await settleAttempt(sql, attempt, 'busy', {}, NOW)
    for (const attempt of await claimed(sql, campaign, 3))
      await refuseAttempt(sql, attempt, 'GATEWAY_DOWN', NOW + 600_000, NOW)
    for (const attempt of await claimed(sql, campaign, 3)) await settleAttempt(sql, attempt, 'opted-out', {}, NOW)
  },
  overdueAttempts: (sql, campaign) => attempts.overdueAttempts(sql, campaign, NOW + 900_000),
  openAttempts: (sql, campaign) => attempts.openAttempts(sql, campaign),
  savedPacing: (sql, campaign) => pacers.savedPacing(sql, campaign),
  savePacing: (sql, campaign) =>
    pacers.savePacing(sql, campaign, { pacers: new Map([['fs', '{"v":1}']]), leads: '{"v":1}' }),
  callsSince: (sql, campaign) => leadHistory.callsSince(sql, campaign, NOW - 60_000, 1_000),
  resultsOf: sql => leadHistory.resultsOf(sql, [randomUUID()]),
  lastResults: async sql =>
    void (await sql`select ${leadHistory.lastResults(sql, sql`'+491708'`, sql`${new Date(NOW)}::timestamptz`)} as before`),
  countAttempts: (sql, campaign) => attempts.countAttempts(sql, campaign),
  openCall: sql =>
    calls.openCall(sql, {
      id: randomUUID(),
      flow: 'welcome',
      direction: 'inbound',
      from: null,
      to: null,
      core: null,
      node: 'a',
      startedAt: NOW,
    }),
  closeCall: sql => calls.closeCall(sql, randomUUID(), { endedAt: NOW, hangupCause: null, outcome: null }),
  closeLostCall: sql => calls.closeLostCall(sql, randomUUID(), NOW),
  openCalls: sql => calls.openCalls(sql),
  saveCalls: async (sql, campaign) => {
    const state = {
      flow: 'welcome',
      direction: 'inbound',
      from: '+491',
      to: '2000',
      core: null,
      node: 'a',
      startedAt: NOW,
      otherLeg: null,
      queue: null,
      gateway: null,
      waitMs: null,
      ringMs: null,
      talkMs: null,
      holdMs: null,
      segments: [
        {
          kind: 'wait',
          queue: 'sales',
          agent: null,
          customer: '+491',
          leg: null,
          joined: NOW,
          since: NOW,
          until: NOW,
          how: 'abandoned',
        },
      ],
      queueTimeline: [],
      recording: null,
      end: null,
    } as const
    const ids = [...Array.from({ length: 100 }, () => randomUUID()), ...(await claimed(sql, campaign, 100))]
    for (const end of [null, { at: NOW, cause: 'NORMAL_CLEARING', outcome: 'talked', hungUpBy: null, events: [] }])
      await calls.saveCalls(
        sql,
        ids.map(id => ({ ...state, id, end })),
      )
  },
  addCallback: sql =>
    callbacks.addCallback(
      sql,
      newCallback(
        { id: randomUUID(), queue: 'sales', number: '+491', joinedAt: NOW },
        { name: 'sales', strategy: 'random' },
        NOW,
      ),
    ),
  callbackWithId: sql => callbacks.callbackWithId(sql, randomUUID()),
  callbackOfAttempt: sql => callbacks.callbackOfAttempt(sql, randomUUID()),
  openCallbacks: sql => callbacks.openCallbacks(sql, NOW, 500),
  claimCallback: sql =>
    callbacks.claimCallback(sql, randomUUID(), { called: 'agent', node: 'a', core: null, checkedAt: NOW }, NOW),
  overdueCallbacks: sql => callbacks.overdueCallbacks(sql, NOW),
  prolongCallback: sql => callbacks.prolongCallback(sql, randomUUID(), NOW),
  settleCallback: sql =>
    callbacks.settleCallback(sql, randomUUID(), {
      ...{ state: 'waiting', attempt: randomUUID(), dueAt: NOW, tries: 1, outcome: 'busy', answeredBy: null },
      endedAt: null,
    }),
  endCallback: sql => callbacks.endCallback(sql, randomUUID(), 'expired', NOW),
  campaignNamed: sql => campaigns.campaignNamed(sql, 'large'),
  campaignWithId: (sql, campaign) => campaigns.campaignWithId(sql, campaign),
  campaigns: sql => campaigns.campaigns(sql, 'running'),
  moveCampaign: (sql, campaign) => campaigns.moveCampaign(sql, campaign, ['draft'], 'running', NOW),
  claimCampaign: (sql, campaign) => campaigns.claimCampaign(sql, campaign, 'simulation'),
  finishCampaign: (sql, campaign) => campaigns.finishCampaign(sql, campaign, NOW),
  keptFigures: (sql, campaign) => figures.keptFigures(sql, campaign, 'lead'),
  ...CALLING_RULES,
  ...OUTCOMES,
  leadWithId: sql => leads.leadWithId(sql, 7),
  lockLead: sql => sql.begin(tx => leads.lockLead(tx, 7)),
  releaseLead: sql => leads.releaseLead(sql, 7, { again: NOW, disposition: null, counts: false, now: NOW }),
  prolongClaim: sql => leads.prolongClaim(sql, 7, NOW),
  freeStaleClaims: (sql, campaign) => leads.freeStaleClaims(sql, campaign, NOW),
  countLeads: (sql, campaign) => leads.countLeads(sql, campaign),
  optOut: sql => sql.begin(tx => doNotCall.optOut(tx, '+491708', 'flow', NOW)),
  saveAgentStates: sql =>
    agentStates.saveAgentStates(
      sql,
      Array.from({ length: 200 }, (_, n) => ({
        ...{ agent: `a${n % 50}`, at: NOW + n, rev: NOW + n, status: 'ready', reason: null, state: 'idle' },
        ...{ restsUntil: null, breakUntil: null, call: null, queue: null },
      })),
    ),
  deleteAgentStates: sql => agentStates.deleteAgentStates(sql, NOW - 19_000 * 60_000, 100),
  deleteCallSegments: sql => callSegments.deleteCallSegments(sql, NOW - 19_000 * 60_000, 100),
  queueSums: async sql => {
    const goal = { within: 20_000, shortAbandon: 5_000, repeatWithin: 86_400_000 }
    const window = { stepMs: 900_000, now: NOW }
    await queueFigures.queueSums(sql, { ...window, from: NOW - 3_600_000, to: NOW }, [], goal, null)
    await queueFigures.queueSums(sql, { ...window, from: NOW - 90_000_000, to: NOW - 86_400_000 }, [], goal, 'sales')
  },
  agentSums: async sql => {
    const window = { stepMs: 900_000, now: NOW }
    await agentFigures.agentSums(sql, { ...window, from: NOW - 3_600_000, to: NOW }, null)
    await agentFigures.agentSums(sql, { ...window, from: NOW - 90_000_000, to: NOW - 86_400_000 }, 'a7')
  },
  ...GATEWAY_QUERIES,
  ...API_QUERIES,
  ...EVENT_QUERIES,
  ...PEOPLE_QUERIES,
  ...PREVIEW_QUERIES,
  breakReasonRows: sql => breakReasons.breakReasonRows(sql),
  saveBreakReason: sql => breakReasons.saveBreakReason(sql, { reason: 'lunch', limitMs: 60_000 }, NOW),
  deleteBreakReason: sql => breakReasons.deleteBreakReason(sql, 'nothing'),
  tagCall: sql => calls.tagCall(sql, randomUUID(), { disposition: 'sale' }),
  queueRows: sql => definitions.queueRows(sql),
  agentRows: sql => definitions.agentRows(sql),
  saveQueue: sql =>
    definitions.saveQueue(sql, { name: 'sales', strategy: 'longest-idle-agent', settings: {} }, NOW, []),
  saveAgent: sql =>
    definitions.saveAgent(
      sql,
      { name: 'a', endpoint: 'user/1', wrapUpMs: 0, ringForMs: 1_000, queues: [], settings: {} },
      NOW,
      [],
    ),
  numberRules: sql => numbers.numberRules(sql),
  saveNumberRule: sql =>
    numbers.saveNumberRule(sql, { number: '+49*', queue: '', priority: 1, blocked: false, note: '' }, NOW),
  deleteNumberRule: sql => numbers.deleteNumberRule(sql, { number: '+49*', queue: '' }),
  hasHappened: sql => installation.hasHappened(sql, 'demo-furnished'),
  noteHappened: sql => installation.noteHappened(sql, 'demo-furnished'),
  isOptedOut: sql => doNotCall.isOptedOut(sql, '+491708'),
  leadsWithoutPlus: (sql, campaign) => spellings.leadsWithoutPlus(sql, campaign, 0, 1_000),
  respellLeads: (sql, campaign) =>
    spellings.respellLeads(
      sql,
      campaign,
      [
        { id: 7, phone: '+491708' },
        { id: 8, phone: '+4999' },
      ],
      NOW,
    ),
  optOutsWithoutPlus: sql => spellings.optOutsWithoutPlus(sql, '', 1_000),
  respellOptOuts: sql => spellings.respellOptOuts(sql, [{ written: '+491907', phone: '+4999' }], NOW),
  changeLead: sql => leadChanges.changeLead(sql, 7, { priority: 1, nextAt: NOW }, NOW),
  removeLead: sql => sql.begin(tx => leadChanges.removeLead(tx, 7, NOW)),
}

/** Files of the store that do not query Switchhook's own tables. */
const WITHOUT_QUESTIONS = new Set([
  'connection-pool.ts',
  'delete-old.ts',
  'figure-window.ts',
  'make-database.ts',
  'migrate.ts',
  'redis-timeout.ts',
  'postgres-socket.ts',
  'record-codec.ts',
  'record-memo.ts',
  'redis-options.ts',
  'redis-time.ts',
  'redis.ts',
  'redis-heartbeat.ts',
  'sql.ts',
  'statement.ts',
  'write-behind.ts',
  'number-limits.ts',
])

/** Queries of a person, who waits for the answer. */
const ON_REQUEST = new Set([
  ...OUTCOMES_ON_REQUEST,
  ...API_ON_REQUEST,
  ...EVENTS_ON_REQUEST,
  ...PEOPLE_ON_REQUEST,
  'attemptsOf',
  'countHeard',
  'listCallbacks',
  'openCallbacksOf',
  'rescheduleCallback',
  'moveCallbacks',
  'auditRows',
  'saveAudit',
  'deleteAgent',
  'deleteQueue',
  'callWithId',
  'recentCalls',
  'callsOfCrm',
  'putCampaign',
  'newCampaign',
  'removeCampaign',
  'leadsOf',
  'fieldNames',
  'recycleLeads',
  'stageLeads',
  'openStaging',
  'addStaged',
  'saveHolidays',
  'deleteHoliday',
  'callsToNumber',
  'leadWithNumber',
  'addDoNotCall',
  'addOptOuts',
  'removeDoNotCall',
  'doNotCallEntries',
])

async function claimed(sql: Sql, campaign: string, count: number): Promise<string[]> {
  const taken = await claimDue(sql, claimOf(campaign, count, NOW + 600_000))
  assert.equal(taken.length, count, 'there are leads to claim')
  return taken.map(({ attempt }) => attempt)
}

test('nothing that a node asks by itself reads a large table, and a new question is on one of the lists', async t => {
  const known = new Set([...Object.keys(BY_ITSELF), ...ON_REQUEST])
  const all = (
    await Promise.all(
      readdirSync(STORE)
        .filter(name => name.endsWith('.ts') && !WITHOUT_QUESTIONS.has(name))
        .map(name => import(`${STORE}${name}`)),
    )
  ).flatMap(file => Object.entries(file as object).flatMap(([name, one]) => (typeof one === 'function' ? name : [])))
  assert.deepEqual(
    all.filter(name => !known.has(name)),
    [],
    'functions of the store that are on no list',
  )
  assert.deepEqual(
    [...known].filter(name => !all.includes(name)),
    [],
    'names on a list that are no functions of the store',
  )

  const { sql, campaign, small, plansOf } = await large(t)
  await campaigns.moveCampaign(sql, campaign, ['draft'], 'running', NOW)
  for (const [name, ask] of Object.entries(BY_ITSELF)) {
    const plans = await plansOf(() => ask(sql, campaign))
    assert.deepEqual(plans.flatMap(faultsOf), [], name)
  }
  const began = performance.now()
  const plans = await plansOf(() => campaigns.removeCampaign(sql, 'small'))
  const ms = Math.round(performance.now() - began)
  assert.deepEqual(plans.flatMap(faultsOf), [], 'a campaign of 300 leads is deleted')
  t.diagnostic(`a campaign of 300 leads was deleted beside ${MANY} calls in ${ms} ms, every plan told`)
  const [left] = await sql<[{ n: number }]>`select count(*) as n from leads where campaign_id = ${small}`
  assert.equal(left.n, 0)
  const [told] = await plansOf(() => sql`select 1 from calls where outcome = 'never'`)
  assert.match(faultsOf(told!).join(), /reads all of calls/, 'the test sees what it looks for')
})

test('every question to PostgreSQL stands in the store, where the test above finds it', () => {
  const files = readdirSync(SOURCE, { recursive: true })
    .map(String)
    .filter(name => name.endsWith('.ts') && !/^(store|desk\/cli)\//.test(name))
  const asks = /\b(sql|tx|queries|connection|driver)(<[^`]*>)?`/
  // a query of the command line is bounded by its arguments; the doctor runs it once
  assert.deepEqual(
    files.filter(name => asks.test(readFileSync(join(SOURCE, name), 'utf8'))),
    ['desk/doctor/stores.ts'],
  )
})
