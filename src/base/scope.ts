/** Things that were opened one after the other and are closed in reverse, each one even when another fails. */

export class Scope implements AsyncDisposable {
  readonly #closers: (() => unknown)[] = []

  /** Closed with the scope; gives the thing back. */
  use<T extends AsyncDisposable>(thing: T): T {
    this.defer(() => thing[Symbol.asyncDispose]())
    return thing
  }

  defer(close: () => unknown): void {
    this.#closers.push(close)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const faults: unknown[] = []
    for (let close = this.#closers.pop(); close; close = this.#closers.pop()) {
      try {
        await close()
      } catch (error) {
        faults.push(error)
      }
    }
    if (faults.length === 1) throw faults[0]
    if (faults.length > 1) throw new AggregateError(faults, `${faults.length} parts could not be closed`)
  }
}
