/** Large tables in a database that reports the plan of each query, and the faults of a plan. Used by growth.test.ts. */
import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { silentLog, type Log } from '../../src/base/log.ts'
import { campaignFrom } from '../../src/campaign/campaign.ts'
import * as campaigns from '../../src/store/campaigns.ts'
import { openSql } from '../../src/store/sql.ts'
import { openDatabase } from '../open-services.ts'

/**
 * Rows of each large table, as many as can be created in a second: a plan that reads a table from its first row reads
 * them all.
 */
export const MANY = 20_000
/** A query with an index and a bound reads no more rows than it works on: at most this many here. */
const MOST_READ = 1_500
export const NOW = Date.UTC(2026, 2, 2, 9)

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
export function faultsOf({ 'Query Text': text, Plan: plan }: Explained): string[] {
  return nodesOf(plan).flatMap(node => {
    const read = ((node['Actual Rows'] ?? 0) + (node['Rows Removed by Filter'] ?? 0)) * (node['Actual Loops'] ?? 1)
    const isLarge = [
      'callbacks',
      'leads',
      'attempts',
      'calls',
      'opt_outs',
      'call_segments',
      'agent_states',
      'do_not_call',
      'lead_numbers',
      'answered_calls',
      'answered_figures',
      'previews',
      'idempotency_keys',
      'events',
      'event_deliveries',
    ].includes(node['Relation Name'] ?? '')
    if (isLarge && node['Node Type'] === 'Seq Scan' && node['Actual Loops'] !== 0)
      return [`reads all of ${node['Relation Name']}: ${text}`]
    return isLarge && read > MOST_READ ? [`reads ${read} rows of ${node['Relation Name']}: ${text}`] : []
  })
}

/** A database with large tables that reports every plan, and the values to query. */
export async function large(t: TestContext) {
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
      await tx`insert into answered_calls (attempt_id, campaign_id, lead_id, law, answered_at, ended_at, counted_as, counts)
      select gen_random_uuid(), ${campaign.id}, n, 'ftc', ${new Date(NOW)}::timestamptz - n * interval '1 minute', ${new Date(NOW)}, 'served', 'served'
      from generate_series(1, ${MANY}::int) n`
      await tx`insert into answered_figures (campaign_id, hour, served, abandoned, machines, detected, folded)
      select case n % 10 when 0 then ${campaign.id}::uuid else gen_random_uuid() end, ${new Date(NOW)}::timestamptz - n / 10 * interval '1 hour', 60, 0, 0, 0, true
      from generate_series(1, ${MANY}::int) n`
      await tx`insert into opt_outs (phone, source) select '+49190' || n, 'import' from generate_series(1, ${MANY}::int) n`
      await tx`insert into do_not_call (number, prefix, source, at)
      select '+49195' || n, n % 2 = 0, 'import', ${new Date(NOW)} from generate_series(1, ${MANY}::int) n`
      await tx`insert into lead_numbers (lead_id, position, phone, place)
      select id, 1, '+49161' || id, 0 from leads where campaign_id = ${campaign.id}`
      await tx`insert into idempotency_keys (caller, key, request, begun_at)
        select 'crm', n::text, '', ${new Date(NOW - 100_000_000)}::timestamptz + n * interval '1 s' from generate_series(1, ${MANY}::int) n`
      await tx`insert into events (id, type, v, subject, at, node, data)
        select 'e' || n, 'call.bridged', 1, 'c' || n / 10, ${new Date(NOW - 100_000_000)}::timestamptz + n * interval '1 s', 'a', '{}'
        from generate_series(1, ${MANY}::int) n`
      await tx`insert into event_targets (name, url, types, sees_numbers, secret, state, position, failures, next_at, created_at, created_by)
        values ('crm', 'https://crm.example.com', '[]', false, 's', 'active', ${MANY - 5}, 0, ${new Date(NOW)}, ${new Date(NOW)}, 'ann')`
      await tx`insert into event_deliveries (target, seq, id, subject, type, state, tries, next_at, at)
        select 'crm', n, 'e' || n, 'c' || n / 10, 'call.bridged', case when n % 200 = 0 then 'waiting' else 'delivered' end, 1,
          ${new Date(NOW)}, ${new Date(NOW - 100_000_000)}::timestamptz + n * interval '1 s' from generate_series(1, ${MANY}::int) n`
      await tx`insert into previews (id, campaign_id, lead_id, phone, agent, begun_at, until, held_until, ended_at, how)
      select gen_random_uuid(), campaign_id, id, phone, 'a' || id % 50, ${new Date(NOW)}, ${new Date(NOW)}, ${new Date(NOW)}, ${new Date(NOW)}, 'called' from leads`
    },
    { alone: true },
  )
  await admin`analyze callbacks, leads, attempts, calls, opt_outs, call_segments, agent_states, do_not_call, lead_numbers, answered_calls, answered_figures, previews, events, event_deliveries`
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
