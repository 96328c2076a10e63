/**
 * A pair of byte streams to FreeSWITCH: TCP in production (esl/tcp.ts), memory in tests. The event socket code above
 * sees no difference.
 */
import type { Budget } from './budget.ts'

export interface WireHandlers {
  data(chunk: Buffer): void
  /** Called exactly once, after the last data. `error` is set when the wire failed, absent when it ended in order. */
  close(error?: Error): void
}

export interface Wire {
  /** Never blocks. A string is written as latin1. On a closed wire the bytes are dropped without an error. */
  write(bytes: string | Buffer): void
  /** Ends this side after all that was written (FIN). */
  end(): void
  /** Closes the wire now (RST, if the transport has one). */
  destroy(error?: Error): void
  /** Must be called once, in the tick in which the wire was obtained. */
  listen(handlers: WireHandlers): void
  /** Pauses and resumes reading, for backpressure. */
  pause(): void
  resume(): void
  /** Address of the peer, '127.0.0.1' or '::1'; 'memory' for wires without an address. */
  readonly peer: string
  /**
   * Memory for incomplete frames that all unidentified connections of one port share. Absent: only the limit of a
   * single frame applies.
   */
  readonly budget?: Budget | undefined
}
