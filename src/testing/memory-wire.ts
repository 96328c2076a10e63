/**
 * A connection in memory with two ends. Bytes arrive in order, in a microtask. A test can break the connection or slice
 * its bytes. The simulated FreeSWITCH and the tests of esl/ use it.
 */
import type { Wire, WireHandlers } from '../esl/wire.ts'

export interface MemoryWireOptions {
  /** Largest chunk in bytes; 1 delivers byte by byte. Default: as written. */
  slice?: number
}

const NOW = Promise.resolve()

/** Text is encoded into shared slabs: a buffer for every event would cost more than all the rest of the wire. */
const SLAB = 1 << 20
let slab = Buffer.alloc(0)
let used = 0

function bytesOf(text: string): Buffer {
  if (text.length > SLAB / 4) return Buffer.from(text, 'latin1')
  if (used + text.length > slab.length) {
    slab = Buffer.allocUnsafeSlow(SLAB)
    used = 0
  }
  const chunk = slab.subarray(used, used + text.length)
  used += chunk.write(text, 'latin1')
  return chunk
}

export class MemoryWire implements Wire {
  readonly peer: string = 'memory'
  /** The other end, set by memoryPair. */
  far!: MemoryWire
  #handlers: WireHandlers | undefined
  #queue: (Buffer | 'end')[] = []
  #paused = false
  #scheduled = false
  /** This end writes no more. */
  #ended = false
  #closed = false
  #error: Error | undefined
  #slice: number

  constructor(options: MemoryWireOptions) {
    this.#slice = options.slice ?? 0
  }

  get closed(): boolean {
    return this.#closed
  }

  write(bytes: string | Buffer): void {
    if (this.#ended || this.#closed || this.far.#closed) return
    const chunk = typeof bytes === 'string' ? bytesOf(bytes) : bytes
    if (chunk.length === 0) return
    const size = this.#slice > 0 ? this.#slice : chunk.length
    for (let at = 0; at < chunk.length; at += size) this.far.#queue.push(chunk.subarray(at, at + size))
    this.far.#schedule()
  }

  /** Ends this side. The far side closes after it has read everything; then this side closes: no half-open state. */
  end(): void {
    if (this.#ended || this.#closed) return
    this.#ended = true
    this.far.#queue.push('end')
    this.far.#schedule()
  }

  /** Closes both sides. Bytes in flight are lost, as with a TCP RST. */
  destroy(error?: Error): void {
    if (this.#closed) return
    this.#ended = true
    this.#break(error)
    this.far.#break(new Error('the far end reset the connection (ECONNRESET)'))
  }

  listen(handlers: WireHandlers): void {
    if (this.#handlers) throw new Error('this wire has a listener already: call listen() once per wire')
    this.#handlers = handlers
    this.#schedule()
  }

  pause(): void {
    this.#paused = true
  }

  resume(): void {
    this.#paused = false
    this.#schedule()
  }

  #break(error: Error | undefined): void {
    this.#error = error
    this.#queue = ['end']
    this.#paused = false
    this.#schedule()
  }

  #schedule(): void {
    if (this.#scheduled || this.#queue.length === 0) return
    this.#scheduled = true
    void NOW.then(() => this.#deliver()) // half the cost of queueMicrotask, which keeps an async context for each
  }

  #deliver(): void {
    this.#scheduled = false
    while (!this.#paused && this.#handlers && !this.#closed) {
      const next = this.#queue.shift()
      if (next === undefined) return
      if (next !== 'end') this.#handlers.data(next)
      else this.#close()
    }
  }

  #close(): void {
    this.end()
    this.#closed = true
    this.#queue = []
    this.#handlers!.close(this.#error)
  }
}

/** A new connection in memory: both of its ends. */
export function memoryPair(options: MemoryWireOptions = {}): [MemoryWire, MemoryWire] {
  const near = new MemoryWire(options)
  const far = new MemoryWire(options)
  near.far = far
  far.far = near
  return [near, far]
}
