/** What remains of a call: what is known when it begins, and what when it has ended. */
import type { LegEnd } from '../call/ending.ts'
import type { Story } from './story.ts'

/** What is known of a call when it begins. */
export interface CallBeginning {
  readonly uuid: string
  readonly flow: string
  readonly direction: 'in' | 'out'
  readonly from: string
  readonly to: string
  readonly core: string
  readonly startedAt: number
}

/** What remains of a call. */
export interface CallRecord extends CallBeginning, Story {
  readonly end: LegEnd
  readonly endedAt: number
  readonly answeredAt: number | null
  /** What the flow returned when it is a word, else how it ended: 'done', 'hung-up', 'error'. */
  readonly outcome: string
}

/** One that the store has read and will never take, and why. */
export interface RefusedRecord {
  readonly uuid: string
  readonly why: string
}

/** Where they are kept. Both reject when the store is away, and may be asked twice. */
export interface CallRecords {
  begun(call: CallBeginning): Promise<void>
  /** Also those whose beginning was not written. Gives those that are refused; all others are written when it resolves. */
  ended(calls: readonly CallRecord[]): Promise<readonly RefusedRecord[]>
}
