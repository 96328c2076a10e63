/**
 * The queries that Switchhook repeats must not become slower with every call. PostgreSQL is asked for the plan of each
 * such query as it ran (auto_explain, with those of triggers and references), beside large tables. A new function of
 * the store must be added to one of the two lists.
 */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { silentLog, type Log } from '../../src/base/log.ts'
import { campaignFrom } from '../../src/campaign/campaign.ts'
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
import * as leads from '../../src/store/leads.ts'
import * as queueFigures from '../../src/store/queue-figures.ts'
import * as numbers from '../../src/store/number-rules.ts'
import { openSql, type Sql } from '../../src/store/sql.ts'
import { openDatabase } from '../open-services.ts'

/**
 * Rows of each large table, as many as can be created in a second: a plan that reads a table from its first row reads
 * them all.
 */
const MANY = 20_000
/** A query with an index and a bound reads no more rows than it works on: at most this many here. */
const MOST_READ = 1_500
const SOURCE = fileURLToPath(new URL('../../src/', import.meta.url))
const STORE = join(SOURCE, 'store/')
const NOW = Date.UTC(2026, 2, 2, 9)

interface Plan {
  readonly 'Node Type': string
  readonly 'Relation Name'?: string
  readonly 'Actual Rows'?: number
  readonly 'Actual Loops'?: number
  readonly 'Rows Removed by Filter'?: number
  readonly Plans?: readonly Plan[]
}
interface Explained {
  readonly 'Query Text': string
  readonly Plan: Plan
}

const nodesOf = (plan: Plan): Plan[] => [plan, ...(plan.Plans ?? []).flatMap(nodesOf)]

/** The faults of a plan, one line each. */
function faultsOf({ 'Query Text': text, Plan: plan }: Explained): string[] {
  return nodesOf(plan).flatMap(node => {
    const read = ((node['Actual Rows'] ?? 0) + (node['Rows Removed by Filter'] ?? 0)) * (node['Actual Loops'] ?? 1)
    const isLarge = ['callbacks', 'leads', 'attempts', 'calls', 'opt_outs', 'call_segments', 'agent_states'].includes(
      node['Relation Name'] ?? '',
    )
    if (isLarge && node['Node Type'] === 'Seq Scan' && node['Actual Loops'] !== 0)
      return [`reads all of ${node['Relation Name']}: ${text}`]
    return isLarge && read > MOST_READ ? [`reads ${read} rows of ${node['Relation Name']}: ${text}`] : []
  })
}

/** A database with large tables that reports every plan, and the values to query. */
async function large(t: TestContext) {
  const { sql: admin, address } = await openDatabase(t)
  const campaign = await campaigns.putCampaign(admin, campaignFrom({ name: 'large', queue: 'sales' }))
  const small = await campaigns.putCampaign(admin, campaignFrom({ name: 'small', queue: 'sales' }))
  await admin.begin(
    async tx => {
      // references and figures are not maintained while the tables are filled
      await tx`set local session_replication_role = replica`
      await tx`insert into leads (campaign_id, phone, next_at, attempts)
      select ${campaign.id}, '+49170' || n, ${new Date(NOW)}::timestamptz + n * interval '1 second', 1 from generate_series(1, ${MANY}::int) n`
      await tx`insert into leads (campaign_id, phone) select ${small.id}, '+49180' || n from generate_series(1, 300) n`
      await tx`insert into attempts (id, campaign_id, lead_id, state, node, disposition, ended_at)
      select gen_random_uuid(), campaign_id, id, 'ended', 'a', 'busy', ${new Date(NOW)} from leads`
      await tx`insert into calls (id, flow, direction, started_at, ended_at, campaign_id, lead_id, attempt_id)
      select gen_random_uuid(), 'campaign-leg', 'outbound', ${new Date(NOW)}, ${new Date(NOW)}, campaign_id, lead_id, id from attempts`
      await tx`insert into calls (id, flow, direction, started_at) select gen_random_uuid(), 'welcome', 'inbound', ${new Date(NOW)} from generate_series(1, 20)`
      await tx`insert into call_segments (call, n, kind, queue, agent, customer, joined, since, until, how)
      select gen_random_uuid(), 0, case n % 3 when 0 then 'wait' when 1 then 'talk' else 'ring' end, 'sales', 'a' || n % 50,
        case n % 3 when 0 then '+4930' || n % 900 end, ${new Date(NOW)}::timestamptz,
        ${new Date(NOW)}::timestamptz - n * interval '1 minute', ${new Date(NOW)}::timestamptz - n * interval '1 minute' + interval '2 minutes', 'answered'
      from generate_series(3, ${MANY}::int) n`
      await tx`insert into agent_states (agent, at, rev, status, state, queue)
      select 'a' || n % 50, ${new Date(NOW)}::timestamptz - n * interval '1 minute', n, 'ready', case n % 4 when 0 then 'wrap-up' else 'idle' end, 'sales'
      from generate_series(3, ${MANY}::int) n`
      await tx`insert into callbacks (id, queue, number, state, joined_at, due_at, expires_at, attempt, created_at)
      select gen_random_uuid(), 'sales', '+49160' || n, case when n % 200 = 0 then 'waiting' else 'done' end, ${new Date(NOW)},
        ${new Date(NOW)}, ${new Date(NOW)}, gen_random_uuid(), ${new Date(NOW)} from generate_series(1, ${MANY}::int) n`
      await tx`insert into opt_outs (phone, source) select '+49190' || n, 'import' from generate_series(1, ${MANY}::int) n`
    },
    { alone: true },
  )
  await admin`analyze callbacks, leads, attempts, calls, opt_outs, call_segments, agent_states`
  const [{ name }] = await admin<[{ name: string }]>`select current_database() as name`
  const settings = {
    session_preload_libraries: 'auto_explain',
    client_min_messages: 'log',
    'auto_explain.log_min_duration': '0',
    'auto_explain.log_analyze': 'on',
    'auto_explain.log_timing': 'off',
    'auto_explain.log_format': 'json',
    'auto_explain.log_nested_statements': 'on',
  }
  for (const [setting, value] of Object.entries(settings)) {
    await admin.alone(
      async connection => void (await connection.unsafe(`alter database ${name} set ${setting} = '${value}'`)),
    )
  }
  let told: Explained[] = []
  const hear = ({ notice }: { notice?: string }) => {
    if (notice?.startsWith('duration:')) told.push(JSON.parse(notice.slice(notice.indexOf('{'))) as Explained)
  }
  const sql = openSql(address, { log: { ...silentLog, debug: hear } as unknown as Log })
  t.after(() => sql.end({ timeout: 1 }))
  const plansOf = async (act: () => Promise<unknown>): Promise<Explained[]> => {
    told = []
    await act()
    assert.ok(told.length > 0, 'PostgreSQL told its plans')
    return told
  }
  return { sql, campaign: campaign.id, small: small.id, plansOf }
}

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
    for (const end of [null, { at: NOW, cause: 'NORMAL_CLEARING', outcome: 'talked', hungUpBy: null }])
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
  claimLeads: (sql, campaign) => claimed(sql, campaign, 10),
  dueLeads: async (sql, campaign) => {
    await leads.dueLeads(sql, campaign, NOW - 1, 5)
    await leads.dueLeads(sql, campaign, NOW + 600_000, 5)
  },
  leadWithId: sql => leads.leadWithId(sql, 7),
  lockLead: sql => sql.begin(tx => leads.lockLead(tx, 7)),
  releaseLead: sql => leads.releaseLead(sql, 7, { again: NOW, disposition: null, counts: false, now: NOW }),
  prolongClaim: sql => leads.prolongClaim(sql, 7, NOW),
  freeStaleClaims: (sql, campaign) => leads.freeStaleClaims(sql, campaign, NOW),
  countLeads: (sql, campaign) => leads.countLeads(sql, campaign),
  optOut: sql => sql.begin(tx => leads.optOut(tx, '+491708', 'flow', NOW)),
  retireOptedOut: (sql, campaign) => leads.retireOptedOut(sql, campaign, NOW + 600_000),
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
  isOptedOut: sql => leads.isOptedOut(sql, '+491708'),
}

/** Files of the store that do not query Switchhook's own tables. */
const WITHOUT_QUESTIONS = new Set([
  'connection-pool.ts',
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
])

/** Queries of a person, who waits for the answer. */
const ON_REQUEST = new Set([
  'attemptsOf',
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
  'removeCampaign',
  'leadsOf',
  'openStaging',
  'addStaged',
])

async function claimed(sql: Sql, campaign: string, count: number): Promise<string[]> {
  const claim = {
    campaign,
    node: 'a',
    gateway: 'carrier',
    core: randomUUID(),
    now: NOW + 600_000,
    until: NOW + 660_000,
    ids: Array.from({ length: count }, () => randomUUID()),
  }
  const taken = await leads.claimLeads(sql, claim)
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
