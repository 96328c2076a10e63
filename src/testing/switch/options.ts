/** What a simulated switch can be told at its birth, and what it tells of its people. */
import type { Clock } from '../../base/clock.ts'
import type { Duration } from '../../base/duration.ts'
import type { SoundLength } from './sounds.ts'

export interface SimulatedSwitchOptions {
  clock: Clock
  /** Sound name → its length, or 'missing'. Everything else exists and lasts `usualSound`. */
  sounds?: Readonly<Record<string, SoundLength>>
  /** '2s' unless said otherwise. */
  usualSound?: Duration
  /** Of the inbound port; 'ClueCon' unless said otherwise. */
  password?: string
  /** 'tcp' also reaches listeners that are not in `listeners`. */
  network?: 'memory' | 'tcp'
  /** HEARTBEAT events every 20 s. On unless said otherwise: they keep a timer alive. */
  heartbeat?: boolean
  /** `track-calls` of the SIP profiles: answered legs can be brought back after a crash. On unless said otherwise (FreeSWITCH's own default is off). */
  trackCalls?: boolean
  /** Same seed, same uuids. */
  seed?: number
}

export interface TranscriptLine {
  /** Wall clock of the simulation, milliseconds. */
  readonly at: number
  readonly who: string
  readonly what: string
}
