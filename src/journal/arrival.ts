/**
 * The data of a leg when it arrives at the listener (read by call/arrival.ts). The first arrival of a call is stored in
 * its journal, because it identifies the call.
 */
import type { Uuid } from '../esl/safe-text.ts'

export interface Arrival {
  readonly uuid: Uuid
  /** The flow that the dialplan names: the path of the socket address. */
  readonly path: string
  /** The number of the person at the other end: the caller, or the person dialled. '' when withheld. */
  readonly from: string
  readonly fromName: string
  /** The number that was dialled. */
  readonly to: string
  /** 'in': the person called; 'out': Switchhook dialled the person. */
  readonly direction: 'in' | 'out'
  readonly answered: boolean
  /** True when FreeSWITCH has just offered the leg: its current application is `socket`. */
  readonly idle?: boolean
  /** The run of FreeSWITCH (Core-UUID): a new value after every start. */
  readonly core: string
  /**
   * The leg that it was last bridged to, and how that bridge ended. Current after a return from a bridge, else stale.
   */
  readonly lastTalk?: { readonly with: string; readonly cause: string }
  /** The caller waits while `partner` consults with somebody; null: with nobody any more. Uuids of their legs. */
  readonly aside?: { readonly partner: string; readonly consulted: string | null }
  /** The caller was in a conference since the last talk began. */
  readonly conferred?: true
  readonly socketResume: boolean
  /** The uuid of the call whose flow dialled this leg. */
  readonly parent?: string
  /** When FreeSWITCH has told this, by its own clock, milliseconds since the epoch. */
  readonly toldAt?: number
  /**
   * Milliseconds before that: since the leg was created, since it was answered, and since FreeSWITCH sent it here (at
   * the end of its talk).
   */
  readonly age?: number
  readonly answeredFor?: number
  readonly sentFor?: number
  /** The leg of an agent who is nailed up: FreeSWITCH parks it after each talk. */
  readonly isNailedUp?: true
  /** In a call that was dialled for an agent (click-to-dial): the agent, and the customer whom the agent calls. */
  readonly agent?: string
  readonly customer?: string
  /** The task id of the dialplan's watchdog (`sched_transfer`); it is cancelled before anything else. */
  readonly deadMansSwitch?: number
  readonly key: string
}
