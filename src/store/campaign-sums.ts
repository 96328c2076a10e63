/**
 * The figures of one campaign over a window and at this moment, from the tables `attempts`, `answered_calls` and
 * `agent_states`. The definitions are in docs/figures.md. Used by operations/figures/campaign.ts.
 */
import { time, type Window } from './figure-window.ts'
import type { Queries } from './sql.ts'

/** An attempt counts in the part of the window in which it ended. Times in milliseconds; null: there was none. */
export interface CampaignSums {
  /** The number of the part, from 0. */
  readonly part: number
  /** A telephone rang, or the network said why not. */
  readonly attempts: number
  /** FreeSWITCH refused, or nothing was sent. */
  readonly refused: number
  readonly answered: number
  /** Detection heard this; unknown: silence. */
  readonly persons: number
  readonly machines: number
  readonly unknown: number
  /** A person answered, by what the law counts: served and abandoned. */
  readonly people: number
  readonly abandoned: number
  /** An agent was joined. */
  readonly connected: number
  /** Within the time of the law. */
  readonly connectedInTime: number
  /** Of the connected ones: from the answer to the agent. */
  readonly connectMs: number
  /** Within 2 s of the same moment, whatever the law of the campaign says. */
  readonly connectedIn2s: number
  /** Connected although detection had heard a machine; and those of them in which the agent talked with a person. */
  readonly checkedMachines: number
  readonly falseMachines: number
  /** Connected after detection had heard a person; and those of them that the agent called a machine. */
  readonly checked: number
  readonly missedMachines: number
  /** Agents were ready for so long before these talks; and the number of the talks of which it is known. */
  readonly idleMs: number
  readonly idles: number
  /** By what came of them: the last word counts. */
  readonly dispositions: Readonly<Record<string, number>>
}

/** The time of the law: an agent within `withinMs` from `from` on. */
interface Deadline {
  readonly connectWithinMs: number
  readonly deadlineFrom: 'answer' | 'greeting'
}

/** One row for each part in which an attempt ended, in their order. */
export async function campaignSums(
  sql: Queries,
  campaign: string,
  { from, to, stepMs }: Window,
  { connectWithinMs, deadlineFrom }: Deadline,
): Promise<CampaignSums[]> {
  const began = deadlineFrom === 'greeting' ? sql`coalesce(a.greeted_at, a.answered_at)` : sql`a.answered_at`
  const rows = await sql<CampaignSums[]>`
    with ended as (
      select a.*, coalesce(a.agent_disposition, a.disposition) as word, l.counts,
        extract(epoch from a.connected_at - a.answered_at) * 1000 as connect_ms, a.connected_at - ${began} as wait,
        floor(extract(epoch from a.ended_at - ${time(from)}::timestamptz) * 1000 / ${stepMs}::bigint)::integer as part
      from attempts a left join answered_calls l on l.attempt_id = a.id
      where a.campaign_id = ${campaign} and a.ended_at >= ${time(from)} and a.ended_at < ${time(to)}),
    ready as (
      select e.part, count(*)::integer as idles, sum(extract(epoch from e.connected_at - first.at) * 1000)::bigint as "idleMs"
      from ended e
      cross join lateral (select s.at, s.rev from agent_states s where s.agent = e.agent and s.at < e.connected_at and s.call is distinct from e.id
        and (s.state in ('ringing', 'talking', 'wrap-up', 'busy-elsewhere') or s.status not in ('ready', 'on-demand'))
        order by s.at desc, s.rev desc limit 1) busy
      cross join lateral (select s.at from agent_states s where s.agent = e.agent and (s.at, s.rev) > (busy.at, busy.rev)
        order by s.at, s.rev limit 1) first
      where e.connected_at is not null and e.agent is not null and first.at <= e.connected_at group by e.part),
    words as (select part, jsonb_object_agg(word, n) as dispositions
      from (select part, word, count(*) as n from ended where word is not null group by part, word) one group by part)
    select e.part, count(*) filter (where word is not null)::integer as attempts, count(*) filter (where word is null)::integer as refused,
      count(*) filter (where word is not null and answered_at is not null)::integer as answered,
      count(*) filter (where amd = 'person')::integer as persons, count(*) filter (where amd = 'machine')::integer as machines,
      count(*) filter (where amd = 'unknown')::integer as unknown,
      count(*) filter (where counts in ('served', 'abandoned'))::integer as people,
      count(*) filter (where counts = 'abandoned')::integer as abandoned,
      count(connected_at)::integer as connected,
      count(*) filter (where wait <= ${connectWithinMs}::integer * interval '1 ms')::integer as "connectedInTime",
      count(*) filter (where wait <= interval '2 s')::integer as "connectedIn2s",
      count(*) filter (where amd = 'machine' and connected_at is not null)::integer as "checkedMachines",
      count(*) filter (where amd = 'machine' and connected_at is not null and counts in ('served', 'abandoned'))::integer as "falseMachines",
      coalesce(sum(connect_ms), 0)::bigint as "connectMs",
      count(*) filter (where amd = 'person' and connected_at is not null)::integer as checked,
      count(*) filter (where amd = 'person' and connected_at is not null and counts = 'machine')::integer as "missedMachines",
      coalesce((select idles from ready r where r.part = e.part), 0) as idles,
      coalesce((select "idleMs" from ready r where r.part = e.part), 0) as "idleMs",
      coalesce((select dispositions from words w where w.part = e.part), '{}') as dispositions
    from ended e group by e.part order by e.part`
  return [...rows]
}

/** The calls of a campaign at this moment. */
export interface CampaignNow {
  /** Sent to FreeSWITCH, and nothing rings yet. */
  readonly dialling: number
  readonly ringing: number
  /** Answered, and no agent is joined. */
  readonly waiting: number
  readonly talking: number
  /** Calls that were sent in the last minute. */
  readonly sentLastMinute: number
}

const MINUTE_MS = 60_000

export async function campaignNow(sql: Queries, campaign: string, now: number): Promise<CampaignNow> {
  const minute = time(now - MINUTE_MS)
  const [row] = await sql<[CampaignNow]>`
    select count(*) filter (where state in ('intended', 'sent'))::integer as dialling, count(*) filter (where state = 'ringing')::integer as ringing,
      count(*) filter (where state = 'answered' and connected_at is null)::integer as waiting,
      count(*) filter (where state = 'answered' and connected_at is not null)::integer as talking,
      count(*) filter (where sent_at > ${minute})::integer as "sentLastMinute"
    from (
      select a.state, a.connected_at, a.sent_at from attempts a
        where a.state <> 'ended' and a.campaign_id = ${campaign}
      union all
      select a.state, a.connected_at, a.sent_at from attempts a where a.campaign_id = ${campaign} and a.ended_at > ${minute}) one`
  return row
}
