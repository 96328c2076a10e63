/** A FreeSWITCH for a campaign, simulated or real, and the carrier behind it. Nodes are processes beside it. */
import type { Settings } from '../survival/stores.ts'
import type { CarrierBook } from './book.ts'

export interface Outside extends AsyncDisposable {
  /** With which a node finds this FreeSWITCH. */
  readonly settings: Settings
  /** At which the dialplan expects the nodes. */
  readonly ports: readonly number[]
  /** For the nodes, and for a list. */
  readonly folder: string
  readonly book: CarrierBook
  /** The telephone of the nth agent. */
  agent(n: number): string
  /** Legs that are alive, at the carrier as well. */
  legs(): Promise<number>
}
