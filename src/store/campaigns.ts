/**
 * Queries of the table `campaigns`. Its rules are in campaign/campaign.ts. Used by the campaign code and the command
 * line.
 */
import type { Country } from '../base/country.ts'
import type { Week } from '../base/hours.ts'
import type { GatewayWhy } from './gateways.ts'
import type { Json, Queries, Sql, Transaction } from './sql.ts'

export type CampaignState = 'draft' | 'running' | 'paused' | 'stopped' | 'done'
export const CAMPAIGN_MODES = ['preview', 'progressive', 'ratio', 'predictive'] as const
type CampaignMode = (typeof CAMPAIGN_MODES)[number]

/** The law of a campaign, and its own numbers where it is stricter (campaign/law/); absent: the law's. */
export interface LawSettings {
  readonly name: string
  readonly maxAbandoned?: number | undefined
  readonly window?: 'campaign' | 'day' | 'month' | undefined
  readonly count?: 'plain' | 'ofcom' | undefined
  readonly connectWithinMs?: number | undefined
  readonly deadlineFrom?: 'answer' | 'greeting' | undefined
  readonly lockMs?: number | undefined
  readonly detectionErrors?: number | undefined
}

export interface CampaignSettings {
  readonly name: string
  readonly mode: CampaignMode
  /** Calls for each free agent, in the mode ratio. */
  readonly callsPerAgent: number
  readonly flow: string
  readonly queue: string
  /** Null: the gateway of the settings. */
  readonly gateway: string | null
  readonly callerId: string | null
  readonly maxLines: number
  /** Calls started per second. */
  readonly cps: number
  readonly maxAttempts: number
  readonly ringForMs: number
  /** Of numbers without a country code, ISO 3166; null: that of the installation. */
  readonly country: Country | null
  /** By the end of an attempt. Ends that are not listed follow their disposition. */
  readonly retry: Readonly<Record<string, RetryRule>>
  /** The name of the rule set: campaign/calling-rules/. */
  readonly rules: string
  /** When leads are called, by their own clock; empty: no hours of its own. */
  readonly hours: Week
  /** For leads whose time zone is unknown. */
  readonly timeZone: string
  /** Regions on whose holidays nobody is called. */
  readonly holidays: readonly string[]
  readonly numberLimits: readonly NumberLimit[]
  /** Columns of the list with further numbers of a lead, in the order in which they are called. */
  readonly otherNumbers: readonly string[]
  readonly order: CallOrder
  /** A callback waits so long for the agent who promised it. */
  readonly callbackWaitMs: number
  readonly law: LawSettings
  /** The gateways that share its calls, by weight (campaign/ways.ts); empty: `gateway`. */
  readonly gateways: readonly { readonly name: string; readonly weight: number }[]
  /** The numbers that called people see (campaign/caller-ids.ts); none fits: `callerId`. */
  readonly callerIds: readonly { readonly number: string; readonly prefix: string }[]
  readonly callerIdRotation: 'lead' | 'attempt'
  /** Settings of its calls: only those that were given (campaign/call-settings.ts). */
  readonly calls: Readonly<Record<string, unknown>>
}

/** What follows when an attempt ends in one way. */
export interface RetryRule {
  /** A duration, or 'never'; absent: the delay of the disposition. */
  readonly after?: string
  /** Calls to one number that may end so; then it is not called again. Absent: as many as the campaign allows. */
  readonly most?: number
  /** Is the next number of the lead called at once? Absent: as the disposition says. */
  readonly nextNumber?: boolean
}

/** Most calls to one number within a time, of all campaigns. */
export interface NumberLimit {
  readonly most: number
  readonly withinMs: number
}

/**
 * Of the leads that are due, with the same priority: 'oldest' is due for the longest time, 'newest' for the shortest;
 * 'fewest-attempts': each attempt takes one off the priority; 'random': a list is shuffled when it is imported.
 */
export const CALL_ORDERS = ['oldest', 'newest', 'fewest-attempts', 'random'] as const
export type CallOrder = (typeof CALL_ORDERS)[number]

/** Real telephones, or those of the simulation. */
export type Switches = 'freeswitch' | 'simulation'

export interface CampaignRow extends CampaignSettings {
  readonly id: string
  readonly state: CampaignState
  /** The kind of switch that dials it, fixed for ever; null: not yet dialled. */
  readonly switches: Switches | null
  readonly createdAt: Date
  readonly startedAt: Date | null
  readonly endedAt: Date | null
  /** Why no gateway takes more calls now; null: one does, or nobody has asked. */
  readonly gatewayWhy: GatewayWhy | null
}

const columns = (sql: Queries) => sql`
  id, name, state, switches, mode, calls_per_agent as "callsPerAgent", flow, queue, gateway, caller_id as "callerId", max_lines as "maxLines", cps, max_attempts as "maxAttempts",
  ring_for_ms as "ringForMs", country, retry, rules, hours, time_zone as "timeZone", holidays, number_limits as "numberLimits",
  other_numbers as "otherNumbers", call_order as "order", call_settings as calls, callback_wait_ms as "callbackWaitMs",
  jsonb_strip_nulls(jsonb_build_object('name', law, 'maxAbandoned', max_abandoned, 'window', abandoned_window, 'count', abandoned_count,
    'connectWithinMs', connect_within_ms, 'deadlineFrom', deadline_from, 'lockMs', abandoned_lock_ms, 'detectionErrors', detection_errors)) as law,
  gateways, caller_ids as "callerIds", caller_id_rotation as "callerIdRotation", gateway_why as "gatewayWhy",
  created_at as "createdAt", started_at as "startedAt", ended_at as "endedAt"`

/** Creates a draft, or changes the settings of an existing campaign and leaves its state. */
export async function putCampaign(sql: Queries, campaign: CampaignSettings): Promise<CampaignRow> {
  return (await insertCampaign(sql, campaign, changed(sql)))!
}

/** Creates a draft. Null when there is a campaign of that name. */
export const newCampaign = (sql: Queries, campaign: CampaignSettings): Promise<CampaignRow | null> =>
  insertCampaign(sql, campaign, sql`do nothing`)

/** `known`: what is done with a campaign of that name. */
async function insertCampaign(
  sql: Queries,
  campaign: CampaignSettings,
  known: ReturnType<typeof changed>,
): Promise<CampaignRow | null> {
  const {
    name,
    mode,
    callsPerAgent,
    flow,
    queue,
    gateway,
    callerId,
    maxLines,
    cps,
    maxAttempts,
    ringForMs,
    country,
    retry,
  } = campaign
  const { rules, hours, timeZone, holidays, numberLimits, otherNumbers, order, callbackWaitMs, law } = campaign
  const { gateways, callerIds, callerIdRotation } = campaign
  const json = (value: unknown) => sql.json(value as Json)
  const pauses = Object.entries(retry).flatMap(([end, { after }]) => (after === undefined ? [] : [[end, after]]))
  const [row] = await sql<CampaignRow[]>`
    insert into campaigns (name, mode, calls_per_agent, flow, queue, gateway, caller_id, max_lines, cps, max_attempts, ring_for_ms, country, retry, retry_after,
      rules, hours, time_zone, holidays, number_limits, other_numbers, call_order, callback_wait_ms, call_settings,
      law, max_abandoned, abandoned_window, abandoned_count, connect_within_ms, deadline_from, abandoned_lock_ms, detection_errors,
      gateways, caller_ids, caller_id_rotation)
    values (${name}, ${mode}, ${callsPerAgent}, ${flow}, ${queue}, ${gateway}, ${callerId}, ${maxLines}, ${cps}, ${maxAttempts}, ${ringForMs},
      ${country}, ${json(retry)}, ${json(Object.fromEntries(pauses))}, ${rules}, ${json(hours)}, ${timeZone}, ${json(holidays)},
      ${json(numberLimits)}, ${json(otherNumbers)}, ${order}, ${callbackWaitMs}, ${json(campaign.calls)},
      ${law.name}, ${law.maxAbandoned ?? null}, ${law.window ?? null}, ${law.count ?? null},
      ${law.connectWithinMs ?? null}, ${law.deadlineFrom ?? null}, ${law.lockMs ?? null}, ${law.detectionErrors ?? null},
      ${json(gateways)}, ${json(callerIds)}, ${callerIdRotation})
    on conflict (name) ${known} returning ${columns(sql)}`
  return row ?? null
}

const changed = (sql: Queries) => sql`
  do update set mode = excluded.mode, calls_per_agent = excluded.calls_per_agent, flow = excluded.flow, queue = excluded.queue, gateway = excluded.gateway,
    caller_id = excluded.caller_id, max_lines = excluded.max_lines, cps = excluded.cps, max_attempts = excluded.max_attempts,
    ring_for_ms = excluded.ring_for_ms, country = excluded.country, retry = excluded.retry, retry_after = excluded.retry_after, rules = excluded.rules,
    hours = excluded.hours, time_zone = excluded.time_zone, holidays = excluded.holidays, number_limits = excluded.number_limits,
    other_numbers = excluded.other_numbers, call_order = excluded.call_order, callback_wait_ms = excluded.callback_wait_ms,
    call_settings = excluded.call_settings, law = excluded.law, max_abandoned = excluded.max_abandoned,
    abandoned_window = excluded.abandoned_window, abandoned_count = excluded.abandoned_count,
    connect_within_ms = excluded.connect_within_ms, deadline_from = excluded.deadline_from,
    abandoned_lock_ms = excluded.abandoned_lock_ms, detection_errors = excluded.detection_errors,
    gateways = excluded.gateways, caller_ids = excluded.caller_ids, caller_id_rotation = excluded.caller_id_rotation`

export async function campaignNamed(sql: Queries, name: string): Promise<CampaignRow | null> {
  const [row] = await sql<CampaignRow[]>`select ${columns(sql)} from campaigns where name = ${name}`
  return row ?? null
}

export async function campaignWithId(sql: Queries, id: string): Promise<CampaignRow | null> {
  const [row] = await sql<CampaignRow[]>`select ${columns(sql)} from campaigns where id = ${id}`
  return row ?? null
}

/** Like `campaignWithId`, and nobody deletes the campaign before the transaction ends. */
export async function holdCampaign(tx: Transaction, id: string): Promise<CampaignRow | null> {
  const [row] = await tx<CampaignRow[]>`select ${columns(tx)} from campaigns where id = ${id} for key share`
  return row ?? null
}

/** All campaigns in order of their names, or those of one state. */
export async function campaigns(sql: Queries, state?: CampaignState): Promise<CampaignRow[]> {
  return sql<
    CampaignRow[]
  >`select ${columns(sql)} from campaigns ${state ? sql`where state = ${state}` : sql``} order by name`
}

/** Changes the state if it is one of `from`. Null when it is not, or when there is no such campaign. */
export async function moveCampaign(
  sql: Queries,
  id: string,
  from: readonly CampaignState[],
  to: CampaignState,
  now: number,
): Promise<CampaignRow | null> {
  const at = new Date(now)
  const [row] = await sql<CampaignRow[]>`
    update campaigns set state = ${to},
      started_at = case when ${to} = 'running' then coalesce(started_at, ${at}) else started_at end,
      ended_at = case when ${to} in ('stopped', 'done') then ${at}::timestamptz end
    where id = ${id} and state in ${sql(from as CampaignState[])}
    returning ${columns(sql)}`
  return row ?? null
}

/**
 * The first node that dials a campaign fixes the kind of switch for ever: a simulation must not use up the leads of a
 * real list, and the numbers of a demo must not be called over a carrier. False when the campaign belongs to the other
 * kind.
 */
export async function claimCampaign(sql: Queries, id: string, switches: Switches): Promise<boolean> {
  const rows = await sql`
    update campaigns set switches = ${switches} where id = ${id} and coalesce(switches, ${switches}) = ${switches}`
  return rows.count > 0
}

/** A campaign that is done runs again, because a lead of it is called again. False when it is not done. */
export async function resumeCampaign(sql: Queries, id: string): Promise<boolean> {
  return (
    (await sql`update campaigns set state = 'running', ended_at = null where id = ${id} and state = 'done'`).count > 0
  )
}

/**
 * Sets a running campaign to done when it has leads and all of them are done. One statement, because a list may grow at
 * any time; uses the kept figures.
 */
export async function finishCampaign(sql: Queries, id: string, now: number): Promise<boolean> {
  const rows = await sql`
    update campaigns set state = 'done', ended_at = ${new Date(now)} where id = ${id} and state = 'running'
      and (select sum(n) from campaign_figures where campaign_id = ${id} and what = 'lead done') > 0
      and not exists (
        select what from campaign_figures where campaign_id = ${id} and what in ('lead ready', 'lead claimed') group by what having sum(n) <> 0)`
  return rows.count > 0
}

/**
 * Deletes a campaign with its leads and attempts; its calls stay, without its name. False when there is none, or when
 * it is running. Slow with many leads.
 */
export async function removeCampaign(sql: Sql, name: string): Promise<boolean> {
  const rows = await sql.begin(tx => tx`delete from campaigns where name = ${name} and state <> 'running'`, {
    alone: true,
  })
  return rows.count > 0
}
