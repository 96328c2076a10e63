/**
 * What a mode of dialling decides for the dialer (dialer.ts): how many leads it wants at one FreeSWITCH, and what it
 * does around each call. dial-reserved.ts is the mode in which each call has its agent before it is dialled,
 * dial-ahead.ts are those that dial more leads than agents are free.
 */
import type { Switch } from '../switch/switchboard.ts'
import type { PacingFigures, PacingWhy } from './pacing/pacer.ts'
import type { ClaimedLead, Slot } from './callable-leads.ts'
import type { Team } from './teams.ts'

export interface Wanted {
  /** Agents who could take a lead now, or are reserved for one. */
  readonly free: number
  readonly howMany: number
  /** Why not more. */
  readonly why: PacingWhy
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

export interface DialMode {
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
  /** The dialer stops. Does not reject. */
  close(): Promise<void>
}
