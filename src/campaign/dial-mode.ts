/**
 * What a mode of dialling decides for the dialer (dialer.ts): how many leads it wants at one FreeSWITCH, and what it
 * does around each call. dial-reserved.ts is the mode in which each call has its agent before it is dialled,
 * dial-preview.ts the one in which that agent looks at the lead before, dial-ahead.ts are those that dial more leads
 * than agents are free.
 */
import type { Switch } from '../switch/switchboard.ts'
import type { PacingFigures, PacingWhy } from './pacing/pacer.ts'
import type { Claim } from '../store/claims.ts'
import type { CallableLeads, ClaimedLead, Slot } from './callable-leads.ts'
import type { Campaign } from './campaign.ts'
import type { Team } from './teams.ts'

/** 'previews': every free agent looks at a lead, or has a call under way. */
export type WantedWhy = PacingWhy | 'previews'

export interface Wanted {
  /** Agents who could take a lead now, or are reserved for one. */
  readonly free: number
  readonly howMany: number
  /** Why not more. */
  readonly why: WantedWhy
  /** Null: the mode predicts nothing. */
  readonly figures: PacingFigures | null
  /** Milliseconds until time alone may change the answer; null: time changes nothing. */
  readonly againMs: number | null
}

/** The agents for whom leads are dialled in one turn. */
export interface Staffing {
  /** By FreeSWITCH. */
  readonly teams: readonly Team[]
  /** The names of those who are free: a callback may be promised by one of them. */
  readonly free: readonly string[]
  /** More leads than this are not wanted in the turn. */
  readonly mostWanted: number
}

/** Who claims, from which FreeSWITCH. */
export type Claimant = Pick<Claim, 'node' | 'gateway' | 'core'>

/** What became of a claim: `putOff` leads must not be called now, or are for nobody any more. */
export interface ClaimAnswer {
  readonly claimed: readonly ClaimedLead[]
  readonly putOff: number
}

/** What the mode preview adds. Every method rejects when a store is unavailable. */
export interface Previews {
  /**
   * Ends the previews that are over, once in each turn, before all else. Resolves with the next moment at which time
   * alone ends one, ms since the epoch; null: none is open.
   */
  look(campaign: Campaign, now: number): Promise<number | null>
  /** The uuids of the calls at this FreeSWITCH that are to be made now, by the last `look`. */
  asked(at: Switch): readonly string[]
  /** Claims the leads of such calls, which `prepare` has allowed: their numbers are looked at again. */
  claim(
    callable: CallableLeads,
    campaign: Campaign,
    slots: readonly Slot[],
    claim: Claimant & Pick<Claim, 'now' | 'until'>,
  ): Promise<ClaimAnswer>
  /**
   * Gives up to `howMany` free agents of the last `wanted` a lead to look at. `forMs`: how long a lead and its agent
   * are kept after the time for the look.
   */
  offer(
    callable: CallableLeads,
    campaign: Campaign,
    at: Switch,
    howMany: number,
    claim: Claimant & { readonly forMs: number },
  ): Promise<ClaimAnswer>
}

export interface DialMode {
  /** Null: leads are called without a preview. */
  readonly previews: Previews | null
  /** Looked at once in each turn. */
  staffing(): Staffing
  /**
   * `forMs`: how long a call may go without any further event. `promisedBy`: free agents who have promised a callback
   * that is due. Rejects when a store is unavailable.
   */
  wanted(team: Team, forMs: number, promisedBy: readonly string[]): Promise<Wanted>
  /** Prepares calls with these uuids. Returns those that may be dialled. Rejects when a store is unavailable. */
  prepare(at: Switch, calls: readonly string[], forMs: number): Promise<readonly Slot[]>
  /** The call has its lead: it counts as under way from now on. `now`: when the lead was claimed. */
  begins(at: Switch, lead: ClaimedLead, now: number): void
  /** Asked in the turn of the command to FreeSWITCH: may this call still be dialled? Then the command is sent. */
  maySend(call: string): boolean
  /**
   * The call is over without an answer. `rang`: false: no telephone rang, or the call was never made. Rejects when a
   * store is unavailable.
   */
  over(call: string, rang: boolean): Promise<void>
  /** The dialer no longer follows the call: it was answered, or another process decides about it. */
  forget(call: string): void
  /**
   * The dialer stops. 'stay': another one goes on with what agents look at. 'let-go': those leads and agents are given
   * back. Does not reject.
   */
  close(previews: 'stay' | 'let-go'): Promise<void>
}
