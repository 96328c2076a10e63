/** Options of the simulated FreeSWITCH, and the lines of its transcript. */
import type { Clock } from '../../base/clock.ts'
import type { Duration } from '../../base/duration.ts'
import type { SoundLength } from './sounds.ts'

export interface SimulatedSwitchOptions {
  clock: Clock
  /** Sound name → its length, or 'missing'. All other sounds exist and last `usualSound`. */
  sounds?: Readonly<Record<string, SoundLength>>
  /** Length of sounds without an entry in `sounds`. Default '2s'. */
  usualSound?: Duration
  /** Password of the inbound port. Default 'ClueCon'. */
  password?: string
  /** 'tcp' also reaches listeners that are not in `listeners`. Default 'memory'. */
  network?: 'memory' | 'tcp'
  /** Sends HEARTBEAT events every 20 s, which keep a timer pending. Default true. */
  heartbeat?: boolean
  /**
   * `track-calls` of the SIP profiles: answered legs are recovered after a crash. Default true (FreeSWITCH's own: off).
   */
  trackCalls?: boolean
  /** Seed of the uuids: the same seed gives the same uuids. Default 1. */
  seed?: number
}

export interface TranscriptLine {
  /** Wall clock of the simulation, milliseconds. */
  readonly at: number
  readonly who: string
  readonly what: string
}
