/** Moments at which something must be looked at, the earliest first: one moment for each key. */
export class Deadlines<Key> {
  readonly #at = new Map<Key, number>()
  /** A binary heap. An entry whose moment is not that of #at is over; it is dropped when it comes to the top. */
  #heap: { readonly key: Key; readonly at: number }[] = []

  /** Replaces the moment of this key; null: none. */
  set(key: Key, at: number | null): void {
    if (at === null) return void this.#at.delete(key)
    if (this.#at.get(key) === at) return
    this.#at.set(key, at)
    if (this.#heap.length > 2 * this.#at.size + 64) this.#rebuild()
    else this.#push({ key, at })
  }

  clear(): void {
    this.#at.clear()
    this.#heap = []
  }

  /** The earliest moment, or null. */
  get next(): number | null {
    for (let top = this.#heap[0]; top; top = this.#heap[0]) {
      if (this.#at.get(top.key) === top.at) return top.at
      this.#pop()
    }
    return null
  }

  /** Removes the keys whose moment has come, and returns them. */
  takeDue(now: number): Key[] {
    const due: Key[] = []
    for (let next = this.next; next !== null && next <= now; next = this.next) {
      const { key } = this.#pop()
      this.#at.delete(key)
      due.push(key)
    }
    return due
  }

  #rebuild(): void {
    this.#heap = []
    for (const [key, at] of this.#at) this.#push({ key, at })
  }

  #push(entry: { key: Key; at: number }): void {
    const heap = this.#heap
    let index = heap.push(entry) - 1
    for (let parent = (index - 1) >> 1; index > 0 && heap[parent]!.at > entry.at; parent = (index - 1) >> 1) {
      heap[index] = heap[parent]!
      index = parent
    }
    heap[index] = entry
  }

  #pop(): { readonly key: Key; readonly at: number } {
    const heap = this.#heap
    const top = heap[0]!
    const last = heap.pop()!
    if (heap.length === 0) return top
    let index = 0
    for (;;) {
      let child = 2 * index + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && heap[child + 1]!.at < heap[child]!.at) child++
      if (heap[child]!.at >= last.at) break
      heap[index] = heap[child]!
      index = child
    }
    heap[index] = last
    return top
  }
}
