/** A small typed event emitter: `on` returns a disposable. Listeners must not throw. */

export class Emitter<Events extends Record<string, unknown>> {
  #listeners: { [K in keyof Events]?: Set<(value: Events[K]) => void> } = {}

  on<K extends keyof Events>(name: K, listener: (value: Events[K]) => void): Disposable {
    const set = (this.#listeners[name] ??= new Set())
    set.add(listener)
    return { [Symbol.dispose]: () => void set.delete(listener) }
  }

  /**
   * Resolves with the next event of that name for which `accept` returns true; rejects with the signal's reason when it
   * aborts.
   */
  next<K extends keyof Events>(
    name: K,
    signal?: AbortSignal,
    accept: (value: Events[K]) => boolean = () => true,
  ): Promise<Events[K]> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason)
      const stop = () => {
        listening[Symbol.dispose]()
        signal?.removeEventListener('abort', onAbort)
      }
      const onAbort = () => {
        stop()
        reject(signal!.reason)
      }
      const listening = this.on(name, value => {
        if (!accept(value)) return
        stop()
        resolve(value)
      })
      signal?.addEventListener('abort', onAbort, { once: true })
    })
  }

  emit<K extends keyof Events>(name: K, value: Events[K]): void {
    const set = this.#listeners[name]
    if (set) for (const listener of [...set]) listener(value)
  }

  count(name: keyof Events): number {
    return this.#listeners[name]?.size ?? 0
  }
}
