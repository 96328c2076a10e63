/** Things that happen later, the earliest first. */
export class EventHeap<T> {
  #at = new Float64Array(1 << 12)
  readonly #what: T[] = []

  get next(): number {
    return this.#what.length > 0 ? this.#at[0]! : Infinity
  }

  push(at: number, what: T): void {
    let i = this.#what.length
    if (i >= this.#at.length) {
      const more = new Float64Array(2 * i)
      more.set(this.#at)
      this.#at = more
    }
    this.#what.push(what)
    while (i > 0) {
      const parent = (i - 1) >> 1
      if (this.#at[parent]! <= at) break
      this.#move(parent, i)
      i = parent
    }
    this.#at[i] = at
    this.#what[i] = what
  }

  pop(): T {
    const first = this.#what[0]!
    const size = this.#what.length - 1
    const at = this.#at[size]!
    const what = this.#what.pop()!
    if (size === 0) return first
    let i = 0
    for (;;) {
      let child = 2 * i + 1
      if (child >= size) break
      if (child + 1 < size && this.#at[child + 1]! < this.#at[child]!) child += 1
      if (this.#at[child]! >= at) break
      this.#move(child, i)
      i = child
    }
    this.#at[i] = at
    this.#what[i] = what
    return first
  }

  #move(from: number, to: number): void {
    this.#at[to] = this.#at[from]!
    this.#what[to] = this.#what[from]!
  }
}
