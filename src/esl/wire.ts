/** A pair of byte streams to FreeSWITCH: TCP in production, memory in tests. The event socket above never sees the difference. */
import type { Budget } from './budget.ts'

export interface WireHandlers {
  data(chunk: Buffer): void
  /** Called exactly once, after the last data. `error` is set when the wire broke rather than ended. */
  close(error?: Error): void
}

export interface Wire {
  /** Takes the bytes at once; text is written as latin1 unless it is a Buffer. Writing to a closed wire is silently dropped. */
  write(bytes: string | Buffer): void
  /** Ends our side after what was written (FIN). */
  end(): void
  /** Breaks the wire now (RST where there is one). */
  destroy(error?: Error): void
  /** Must be called once, in the same tick in which the wire was handed out. */
  listen(handlers: WireHandlers): void
  /** Stops and starts the flow of data, for backpressure. */
  pause(): void
  resume(): void
  /** Address of the other side, '127.0.0.1' or '::1'; 'memory' for wires without one. */
  readonly peer: string
  /** What all connections of the port that this one came by may hold of frames that are not complete, until it is known whom they bring. Absent: no limit but a frame's own. */
  readonly budget?: Budget | undefined
}
