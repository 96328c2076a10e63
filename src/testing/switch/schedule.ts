/** FreeSWITCH's scheduler: tasks of a channel that run on whole seconds (switch_scheduler). */
import type { Clock, Timer } from '../../base/clock.ts'
import type { Channel } from './channel.ts'
import { integer } from './encoding.ts'
import { transfer } from './transfer.ts'

interface Task {
  readonly group: string
  readonly label: string
  readonly timer: Timer
}

export class Schedule {
  readonly #clock: Clock
  readonly #tasks = new Map<number, Task>()
  readonly #groups = new Map<string, Set<number>>()
  /** Task 1 is FreeSWITCH's own heartbeat. */
  #lastId = 1

  constructor(clock: Clock) {
    this.#clock = clock
  }

  transfer(channel: Channel, when: string, extension: string, dialplan?: string, context?: string): number {
    return this.#add(channel, when, `sched_transfer to ${extension}`, () =>
      transfer(channel, extension, dialplan, context),
    )
  }

  hangUp(channel: Channel, when: string, cause: string): number {
    return this.#add(channel, when, `sched_hangup ${cause}`, () => channel.hangUp(cause))
  }

  /** Deletes a task by its number, or all tasks of a group. Returns how many were deleted. */
  cancel(idOrGroup: string): number {
    const doomed = /^\d+$/.test(idOrGroup) ? [Number(idOrGroup)] : [...(this.#groups.get(idOrGroup) ?? [])]
    return doomed.filter(id => this.#forget(id)).length
  }

  clear(): void {
    for (const task of this.#tasks.values()) task.timer.cancel()
    this.#tasks.clear()
    this.#groups.clear()
  }

  /** One text for each pending task. */
  pending(): string[] {
    return [...this.#tasks].map(([id, task]) => `task ${id}: ${task.label} for ${task.group}`)
  }

  /** `+15` counts from the start of the current second, so the task runs after 14 to 15 s. */
  #add(channel: Channel, when: string, label: string, run: () => void): number {
    const id = ++this.#lastId
    const now = this.#clock.now()
    const at = when.startsWith('+') ? Math.floor(now / 1_000) + integer(when.slice(1)) : integer(when)
    const timer = this.#clock.after(Math.max(0, at * 1_000 - now), () => {
      this.#forget(id)
      if (!channel.down) run()
    })
    this.#tasks.set(id, { group: channel.uuid, label, timer })
    this.#groups.set(channel.uuid, (this.#groups.get(channel.uuid) ?? new Set()).add(id))
    return id
  }

  #forget(id: number): boolean {
    const task = this.#tasks.get(id)
    if (!task) return false
    task.timer.cancel()
    this.#tasks.delete(id)
    const group = this.#groups.get(task.group)
    group?.delete(id)
    if (group?.size === 0) this.#groups.delete(task.group)
    return true
  }
}
