/**
 * Resources that are opened one after the other. The scope closes all of them in reverse order, also when closing one
 * fails.
 */

export class Scope implements AsyncDisposable {
  readonly #closers: (() => unknown)[] = []

  /** Closes `thing` with the scope; returns it. */
  use<T extends AsyncDisposable>(thing: T): T {
    this.defer(() => thing[Symbol.asyncDispose]())
    return thing
  }

  /** Runs `close` when the scope closes. */
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
