/** What is under way for each agent: one errand at a time, so that what they write comes in order. */

interface Errand {
  errand(stop: AbortSignal): Promise<void>
  /** It rejected, and had not been stopped. */
  failed(error: Error): void
}

export class PerAgentTasks {
  readonly #underway = new Map<string, { readonly stop: AbortController; readonly done: Promise<void> }>()

  /** Begins a microtask later; not at all while another one is under way for that agent. `after` it the next one may begin. */
  send(name: string, { errand, failed }: Errand, after: () => void): void {
    if (this.#underway.has(name)) return
    const stop = new AbortController()
    const run = async () => {
      await errand(stop.signal).catch((error: Error) => stop.signal.aborted || failed(error))
      this.#underway.delete(name)
      after()
    }
    this.#underway.set(name, { stop, done: Promise.resolve().then(run) })
  }

  /** False when none is under way. */
  stop(name: string, reason?: Error): boolean {
    const errand = this.#underway.get(name)
    errand?.stop.abort(reason)
    return errand !== undefined
  }

  stopAll(reason?: Error): void {
    for (const name of this.#underway.keys()) this.stop(name, reason)
  }

  async done(name: string): Promise<void> {
    await this.#underway.get(name)?.done
  }

  async allDone(): Promise<void> {
    await Promise.all([...this.#underway.values()].map(errand => errand.done))
  }
}
