/** Runs tasks by agent: one at a time for each agent, so that their writes are in order. Used by nailed-agents.ts. */

interface Errand {
  errand(stop: AbortSignal): Promise<void>
  /** Called when the task rejected and had not been stopped. */
  failed(error: Error): void
}

export class PerAgentTasks {
  readonly #underway = new Map<string, { readonly stop: AbortController; readonly done: Promise<void> }>()

  /**
   * Begins a microtask later; does nothing while another task is under way for that agent. `after` runs when the next
   * task may begin.
   */
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

  has(name: string): boolean {
    return this.#underway.has(name)
  }

  /** Aborts the agent's task. False when none is under way. */
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
