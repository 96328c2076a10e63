/**
 * The octets of an incomplete frame, in one buffer that doubles when it is full. However small the chunks of the peer
 * are, each octet is copied twice at most, and memory is at most twice the octets received. Used by esl/frame.ts alone.
 */
const FIRST = 1_024
const NONE = Buffer.alloc(0)

export class Octets {
  readonly #most: number
  #buffer = NONE
  #length = 0

  /** `most`: the caller adds at most so many octets. */
  constructor(most: number) {
    this.#most = most
  }

  get length(): number {
    return this.#length
  }

  /** Octets of memory held now. */
  get capacity(): number {
    return this.#buffer.length
  }

  /** The `capacity` after `octets` more are added. */
  capacityWith(octets: number): number {
    const needed = this.#length + octets
    if (needed <= this.capacity) return this.capacity
    return Math.max(needed, Math.min(Math.max(FIRST, 2 * this.capacity), this.#most))
  }

  add(octets: Buffer): void {
    const capacity = this.capacityWith(octets.length)
    if (capacity > this.capacity) {
      const larger = Buffer.allocUnsafe(capacity)
      this.#buffer.copy(larger, 0, 0, this.#length)
      this.#buffer = larger
    }
    octets.copy(this.#buffer, this.#length)
    this.#length += octets.length
  }

  get last(): number | undefined {
    return this.#buffer[this.#length - 1]
  }

  /** Returns all octets but the last `less` as latin1, and empties the buffer. */
  take(less = 0): string {
    const text = this.#buffer.toString('latin1', 0, this.#length - less)
    this.clear()
    return text
  }

  clear(): void {
    this.#buffer = NONE
    this.#length = 0
  }
}
