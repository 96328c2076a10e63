/** Two ends of a wire in memory: bytes arrive by microtask, in order, and a test can cut or slice them. */
import type { Wire, WireHandlers } from '../esl/wire.ts'

export interface MemoryWireOptions {
  /** Delivers in chunks of at most so many bytes; 1 = byte by byte. */
  slice?: number
}

const NOW = Promise.resolve()

/** Text becomes bytes in slabs: a buffer of its own for every event would cost more than all the rest. */
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
  /** Set by the pair: where our bytes go. */
  far!: MemoryWire
  #handlers: WireHandlers | undefined
  #queue: (Buffer | 'end')[] = []
  #paused = false
  #scheduled = false
  /** We will not write any more. */
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

  /** Our side is done. The far side sees the close after what was written; so do we, for nobody here keeps half a wire open. */
  end(): void {
    if (this.#ended || this.#closed) return
    this.#ended = true
    this.far.#queue.push('end')
    this.far.#schedule()
  }

  /** Both sides close; what was on its way is lost, as with RST. */
  destroy(error?: Error): void {
    if (this.#closed) return
    this.#ended = true
    this.#break(error)
    this.far.#break(new Error('the wire was broken (ECONNRESET)'))
  }

  listen(handlers: WireHandlers): void {
    if (this.#handlers) throw new Error('somebody listens to this wire already')
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
    void NOW.then(() => this.#deliver()) // half the cost of queueMicrotask, which keeps an asynchronous context for each
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

/** A fresh wire: what is written to one end is read at the other. */
export function memoryPair(options: MemoryWireOptions = {}): [MemoryWire, MemoryWire] {
  const near = new MemoryWire(options)
  const far = new MemoryWire(options)
  near.far = far
  far.far = near
  return [near, far]
}
