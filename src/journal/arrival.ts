/** What is known of a leg when it arrives at the door. Of the first arrival of a call it is kept in the journal, for it identifies the call. */
import type { Uuid } from '../esl/safe-text.ts'

export interface Arrival {
  readonly uuid: Uuid
  /** The flow named by the dialplan: the path of the socket address. */
  readonly path: string
  /** The person at the other end: who called us, or whom we called. '' when withheld. */
  readonly from: string
  readonly fromName: string
  /** The number that was dialled. */
  readonly to: string
  /** 'in': they called us; 'out': we called them. */
  readonly direction: 'in' | 'out'
  readonly answered: boolean
  /** It does nothing but wait for us: it has just been offered. */
  readonly idle?: boolean
  /** The switch's run: a new value after every start. */
  readonly core: string
  /** Came back after a talk, with the leg it talked to last. Stale after any other return. */
  readonly lastTalk?: { readonly with: string; readonly cause: string }
  readonly socketResume: boolean
  /** The call whose flow has dialled this leg. */
  readonly parent?: string
  /** Milliseconds since the leg was created, and since it was answered, both by the switch's clock. */
  readonly age?: number
  readonly answeredFor?: number
  /** Of a call that was dialled for an agent (click-to-dial): who they are, and the customer they want to talk with. */
  readonly agent?: string
  readonly customer?: string
  /** The dead man's switch of the dialplan, to be cancelled first of all. */
  readonly deadMansSwitch?: number
  readonly key: string
}
