/** The mode of dialling that a campaign names. Used by dialer.ts. */
import type { Agent } from '../agent/agent.ts'
import { takesLeadsOf } from '../agent/settings.ts'
import type { RosterMirror } from '../agent/roster-mirror.ts'
import type { Roster } from '../agent/roster.ts'
import type { Clock } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import type { Events } from '../events/events.ts'
import type { Switchboard } from '../switch/switchboard.ts'
import type { Attempts } from './attempt.ts'
import type { Campaign } from './campaign.ts'
import { DialAhead, type LawNow } from './dial-ahead.ts'
import type { DialMode } from './dial-mode.ts'
import { DialPreview } from './dial-preview.ts'
import { DialReserved } from './dial-reserved.ts'
import type { Leads } from './leads.ts'
import type { NailedLegs } from './nailed-legs.ts'
import type { LeadPlace } from './paced-calls.ts'
import { PacedFloors } from './paced-floors.ts'
import { UnreservedCalls } from './unreserved-calls.ts'

export interface DialModeParts {
  readonly leads: Pick<Leads, 'sql'>
  readonly attempts: Pick<Attempts, 'rings' | 'drives'>
  readonly roster: Roster
  readonly mirror: RosterMirror
  readonly nailedLegs: Pick<NailedLegs, 'homeOf'>
  readonly switchboard: Switchboard
  readonly clock: Clock
  readonly log: Log
  readonly events: Events
  /** Calls the listener with every change of a place in a queue, until the result is disposed. */
  readonly onPlace: (listener: (place: LeadPlace) => void) => Disposable
  /** agent-shares.ts */
  readonly countsFor: (agent: Agent, campaign: Campaign) => boolean
}

/** Two campaigns with the same key are dialled by the same mode: a change of other settings does not begin it again. */
export const modeKey = ({ queue, mode, callsPerAgent }: Campaign): string =>
  JSON.stringify([queue, mode, mode === 'ratio' ? callsPerAgent : null])

/** Does the campaign dial more leads than agents are free? */
export const dialsAhead = ({ mode }: Campaign): boolean => mode === 'ratio' || mode === 'predictive'

export interface ModeHooks {
  /** Called when a call under way has changed. */
  readonly changed: () => void
  /** By the settings that the campaign has when it is asked. */
  readonly law: () => Promise<LawNow>
}

/** Rejects when PostgreSQL is unavailable. */
export async function openMode(
  parts: DialModeParts,
  campaign: Campaign,
  { changed, law }: ModeHooks,
): Promise<DialMode> {
  const { leads, attempts, nailedLegs, countsFor } = parts
  const homeOf = (agent: Agent) => nailedLegs.homeOf(agent)
  const rings = (call: string) => attempts.rings(call)
  const { mode, queue, callsPerAgent, timeZone } = campaign
  const following = { ...parts, sql: leads.sql, changed }
  if (mode === 'preview' || mode === 'progressive') {
    const unreserved = await UnreservedCalls.open(following, campaign.id)
    const reserved = new DialReserved({ ...parts, homeOf, rings, unreserved }, queue)
    return mode === 'preview' ? new DialPreview({ ...parts, sql: leads.sql, homeOf, reserved }, campaign) : reserved
  }
  const serves = (agent: Agent) => takesLeadsOf(agent, queue) && countsFor(agent, campaign)
  const floors = await PacedFloors.open(following, {
    id: campaign.id,
    timeZone,
    mode: mode === 'ratio' ? { mode, callsPerFreeAgent: callsPerAgent } : { mode },
    serves: (agent, at) => homeOf(agent) === at && serves(agent),
  })
  return new DialAhead({ ...parts, campaign: campaign.name, homeOf, floors, law, rings }, serves)
}
