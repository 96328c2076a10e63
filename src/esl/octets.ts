/**
 * The octets of a frame that has not come whole yet, in one buffer that doubles. Each octet is copied twice at most, however small the
 * pieces are in which a peer sends them, and at most twice as much memory is held as has come.
 */
const FIRST = 1_024
const NONE = Buffer.alloc(0)

export class Octets {
  readonly #most: number
  #buffer = NONE
  #length = 0

  /** `most`: no more than so many are ever added. */
  constructor(most: number) {
    this.#most = most
  }

  get length(): number {
    return this.#length
  }

  /** Octets of memory that are held now. */
  get capacity(): number {
    return this.#buffer.length
  }

  /** `capacity` when `octets` more have been added. */
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

  /** All of them as latin1, without the last `less`. Nothing is held any more. */
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
