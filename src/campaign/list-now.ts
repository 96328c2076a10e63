/**
 * The list of a campaign at this moment: whom it may call now, who waits and for what, and who is done. Used by
 * `campaign why` and the figures of campaigns. It looks as the dialer does (callable-leads.ts), at each line of leads
 * and not at each lead.
 */
import { countDue, readyCallbacks, readyLines, type ReadyCallback, type ReadyLine } from '../store/claims.ts'
import { countDone, countLeads } from '../store/leads.ts'
import type { Queries } from '../store/sql.ts'
import { countWaiting, waitingLeads, type WaitingLeads } from '../store/waiting-leads.ts'
import { callingHoursOf, forAnyone, MOST_CALLBACKS, numberRules } from './callable-leads.ts'
import type { Campaign } from './campaign.ts'

/** Leads are counted so far: more of them tell a supervisor nothing new, and cost time. */
const MOST_COUNTED = 10_000
/** So many waiting leads are asked what they wait for, those that are due first. */
const LOOKED_AT = 1_000

export interface ListNow {
  readonly leads: number
  /** Called in this moment. */
  readonly claimed: number
  /** May be called now: their time has come, and the hours of their place are open. MOST_COUNTED: as many or more. */
  readonly dialable: number
  /** Their time has come, and the hours of their place are closed. */
  readonly outsideHours: number
  /** When the first of these places opens, ms since the epoch, and what closes it; null: none is closed. */
  readonly opens: { readonly at: number | null; readonly closedBy: readonly string[] } | null
  /** Their time has not come. */
  readonly waiting: number
  /** What the first thousand of them wait for, most frequent first. */
  readonly waits: readonly WaitingLeads[]
  /** Callbacks that are due and wait for the agent who promised them. */
  readonly promised: number
  readonly done: number
  /** The done ones by their last disposition; opted-out and do-not-call: they must not be called. */
  readonly doneBy: Readonly<Record<string, number>>
}

/** Rejects when PostgreSQL is unavailable. `now`: ms since the epoch. */
export async function listNow(sql: Queries, campaign: Campaign, now: number): Promise<ListNow> {
  const { id } = campaign
  const [hours, lines, callbacks, states, doneBy, waiting] = await Promise.all([
    callingHoursOf(sql, campaign, now),
    readyLines(sql, id),
    readyCallbacks(sql, id, MOST_CALLBACKS),
    countLeads(sql, id),
    countDone(sql, id),
    countWaiting(sql, id, now, MOST_COUNTED),
  ])
  const isDue = ({ nextAt }: Pick<ReadyLine, 'nextAt'>) => nextAt <= now
  const isOpen = ({ key }: Pick<ReadyLine, 'key'>) => hours.at(key, now).open
  const isFor = (callback: ReadyCallback) => forAnyone(callback, campaign) <= now
  const [due, back] = [lines.filter(isDue), callbacks.filter(isDue)]
  const closed = [...due, ...back].filter(one => !isOpen(one)).map(({ key }) => hours.at(key, now))
  const first = closed.toSorted((a, b) => (a.until ?? Infinity) - (b.until ?? Infinity))[0]
  const rules = { now, ...numberRules(campaign, [...lines, ...callbacks], hours) }
  const count = (of: readonly ReadyLine[]) => countDue(sql, id, of, now, MOST_COUNTED)
  const [open, shut, waits] = await Promise.all([
    count(due.filter(isOpen)),
    count(due.filter(line => !isOpen(line))),
    waiting === 0 ? [] : waitingLeads(sql, id, rules, LOOKED_AT),
  ])
  const openBack = back.filter(isOpen)
  return {
    leads: states.ready + states.claimed + states.done,
    claimed: states.claimed,
    dialable: open + openBack.filter(isFor).length,
    outsideHours: shut + back.length - openBack.length,
    opens: first ? { at: first.until, closedBy: first.closedBy } : null,
    waiting,
    waits,
    promised: openBack.filter(one => !isFor(one)).length,
    done: states.done,
    doneBy: Object.fromEntries(doneBy),
  }
}
