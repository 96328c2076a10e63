/**
 * Why a campaign dials so few leads now, in words: from the outside in. First its state and the node that dials it,
 * then its list and the hours, the law, the way out (FreeSWITCH, gateways, lines, calls per second), the agents, and
 * last the pacing. Pure. Used by the operation campaign.why.
 */
import type { Campaign } from './campaign.ts'
import type { DialStatus, DialStatusPart } from './dial-status.ts'
import type { ListNow } from './list-now.ts'
import type { StaffNow } from './staff-now.ts'

type WhyFew =
  | 'state'
  | 'no-node'
  | 'starting'
  | 'no-list'
  | 'hours'
  | 'budget'
  | 'waiting'
  | 'promised'
  | 'all-called'
  | 'exhausted'
  | 'switch-down'
  | 'backing-off'
  | 'gateway'
  | 'lines'
  | 'cps'
  | 'no-agents'
  | 'logged-out'
  | 'on-break'
  | 'not-on-line'
  | 'agents-busy'
  | 'agents'
  | 'previews'
  | 'ratio'
  | 'risk'
  | 'leads'
  | 'none'

export interface WhyCampaign {
  /** A word of WhyFew, or of a newer node. */
  readonly why: string
  /** One sentence for people, without times. */
  readonly words: string
  /** When it ends by itself, ms since the epoch; null: it does not, or nobody knows. */
  readonly until: number | null
}

export interface WhyCampaignFacts {
  readonly campaign: Campaign
  /** The node that has the lease of the campaign; null: none. */
  readonly holder: string | null
  /** Its last decision; null: none yet. */
  readonly status: DialStatus | null
  readonly list: ListNow
  readonly staff: StaffNow
  /** What the law counts in its window. `limit`: at most this part of `live`, 0 to 1. */
  readonly law: { readonly live: number; readonly abandoned: number; readonly limit: number }
}

type Found = WhyCampaign | null

/** Every reason that holds now; the first is the answer. Never empty. */
export function whySoFew(facts: WhyCampaignFacts): readonly [WhyCampaign, ...WhyCampaign[]] {
  const { campaign, holder, status } = facts
  const told = (why: WhyFew, words: string): WhyCampaign => ({ why, words, until: null })
  if (campaign.state !== 'running') return [told('state', sayState(campaign))]
  if (holder === null) return [told('no-node', sayNoNode(campaign))]
  const [hours, waits] = whyList(facts.list)
  if (status === null) {
    const starting = told('starting', `the node ${holder} has just taken it, and has not decided yet`)
    return [...[hours, waits].filter(found => found !== null), starting] as [WhyCampaign]
  }
  // where most agents are free, most leads would be dialled
  const [main] = status.parts.toSorted((a, b) => b.free - a.free)
  const decided = main ? whyDecided(main, facts) : null
  const [law, other] = decided?.why === 'budget' ? [decided, null] : [null, decided]
  const found: Found[] = [hours, law, waits, other, ...(isAboutAgents(other) ? [] : [whyStaff(facts)])]
  const [first, ...more] = found.filter(one => one !== null)
  return first ? [first, ...more] : [told('none', 'nothing holds it back: it dials whenever an agent is free')]
}

const isAboutAgents = (found: Found): boolean =>
  found !== null && ['no-agents', 'logged-out', 'on-break', 'not-on-line', 'agents-busy', 'agents'].includes(found.why)

function sayState({ name, state }: Campaign): string {
  switch (state) {
    case 'draft':
      return `it was not started yet: switchhook campaign start ${name}`
    case 'done':
      return 'all its leads are done: add leads, or recycle some (switchhook lead recycle), and start it again'
    default:
      return `somebody has ${state} it: switchhook campaign start ${name}`
  }
}

function sayNoNode({ switches }: Campaign): string {
  const kind = switches === 'simulation' ? 'the simulation' : 'real FreeSWITCHes'
  const fixed = switches === null ? '' : ` (it belongs to ${kind}: a node of the other kind leaves it alone)`
  return `no node dials it: does a node with ROLES=dialer run?${fixed}`
}

/** The first reason is about hours, the second about everything else in the list. Both null: somebody may be called. */
function whyList(list: ListNow): readonly [Found, Found] {
  const { leads, claimed, dialable, outsideHours, opens, waiting, waits, promised } = list
  const one = (why: WhyFew, words: string, until: number | null = null): WhyCampaign => ({ why, words, until })
  if (leads === 0) return [null, one('no-list', 'its list is empty: add leads')]
  if (dialable > 0) return [null, null]
  const hours =
    outsideHours === 0
      ? null
      : one(
          'hours',
          `${outsideHours} leads may not be called at this hour: ${opens!.closedBy.join(' and ')}`,
          opens!.at,
        )
  if (waiting > 0) {
    const next = Math.min(...waits.map(wait => wait.next.getTime()))
    return [hours, one('waiting', `${waiting} leads wait for their time: ${sayWaits(waits)}`, next)]
  }
  if (promised > 0) return [hours, one('promised', `${promised} callbacks wait for the agent who promised them`)]
  if (hours) return [hours, null]
  if (claimed > 0) return [null, one('all-called', `all ${claimed} leads that are left are called now`)]
  return [null, one('exhausted', 'all its leads are done')]
}

const WAITS = {
  callback: () => 'for the time at which they asked to be called',
  'called-now': () => 'because another call to their number is under way',
  abandoned: () => 'because a person was abandoned at their number',
  limit: () => 'because of the most calls to one number',
  retry: (after: string | null) => `for their next call after ${after}`,
  'call-at': () => 'for the time that their list names',
} as const satisfies Record<ListNow['waits'][number]['why'], (after: string | null) => string>

/** `200 for their next call after busy, 3 because of the most calls to one number` */
const sayWaits = (waits: ListNow['waits']): string =>
  waits.map(({ leads, why, after }) => `${leads} ${WAITS[why](after)}`).join(', ')

const percent = (share: number): string => `${(share * 100).toFixed(1)} %`

/** What the dialer has decided last; null: it says nothing that the list and the agents do not say better. */
function whyDecided({ at, why, figures }: DialStatusPart, facts: WhyCampaignFacts): Found {
  const { campaign, law, list } = facts
  const told = (words: string): WhyCampaign => ({ why, words, until: null })
  switch (why) {
    case 'budget': {
      const share = law.live === 0 ? 0 : law.abandoned / law.live
      return told(
        `too many people were abandoned (${percent(share)} of ${Math.round(law.live)}; ${percent(law.limit)} are allowed): one call for each free agent`,
      )
    }
    case 'switch-down':
      return told(at === null ? 'no FreeSWITCH can be reached' : `the FreeSWITCH ${at} cannot be reached`)
    case 'backing-off':
      return told('FreeSWITCH refused calls a moment ago, so a pause is made')
    case 'gateway':
      return told(campaign.gatewayWhy?.words ?? 'no gateway takes more calls now')
    case 'lines':
      return told(`all lines are in use: ${campaign.maxLines} of the campaign, or those of the installation`)
    case 'cps':
      return told(
        `the calls of this second are started: ${campaign.cps} of the campaign, those of the installation, or as many as FreeSWITCH takes`,
      )
    case 'previews':
      return told('each free agent looks at a lead, or has a call under way')
    case 'ratio':
      return told(`as many calls are under way as the ratio allows: ${campaign.callsPerAgent} for each free agent`)
    case 'risk': {
      const { risk = null, theta = null } = figures ?? {}
      const odds =
        risk === null || theta === null ? '' : `: the chance is ${percent(risk)}, and ${percent(theta)} is allowed`
      return told(`the next person might find no agent${odds}`)
    }
    case 'leads':
      return list.dialable === 0 ? null : told(`no more than ${list.dialable} leads may be called now`)
    case 'no-leads':
    case 'no-agents':
    case 'agents':
      return whyStaff(facts)
    default:
      return told(why) // a newer node's
  }
}

/** What keeps the agents; null: at least one is on the line and free. */
function whyStaff({ campaign: { queue }, staff }: WhyCampaignFacts): Found {
  const { agents, loggedOut, onBreak, notOnLine, talking, wrapUp, busyOtherwise, withCall, free } = staff
  if (free > 0) return null
  const told = (why: WhyFew, words: string): WhyCampaign => ({ why, words, until: null })
  const parts = (...counts: readonly (readonly [number, string])[]) =>
    counts.flatMap(([n, words]) => (n > 0 ? `${n} ${words}` : [])).join(', ')
  const away = parts([onBreak, 'on a break'], [notOnLine, 'not on the line'], [loggedOut, 'logged out'])
  if (agents === 0)
    return told(
      'no-agents',
      `no agent of the queue ${queue} takes leads: switchhook agent set <name> --queues ${queue}`,
    )
  if (loggedOut === agents) return told('logged-out', `none of the ${agents} agents of the queue ${queue} is logged in`)
  const busy = parts(
    [withCall, 'have a call under way'],
    [talking, 'talk'],
    [wrapUp, 'in wrap-up'],
    [busyOtherwise, 'busy otherwise'],
  )
  if (busy === '') {
    return notOnLine > 0
      ? told('not-on-line', `no telephone of the agents is on the line yet: ${away}`)
      : told('on-break', `no agent of the queue ${queue} is at work: ${away}`)
  }
  const out = away === '' ? '' : `; ${away}`
  return talking + wrapUp + busyOtherwise === 0
    ? told('agents', `each agent on the line has a call under way (${withCall})${out}`)
    : told('agents-busy', `all agents on the line are busy: ${busy}${out}`)
}
