/** What a supervisor decides about a queue. */
export interface QueueSettings {
  readonly name: string
  /** Which of the usable agents a caller gets: the name of a file in strategies/. */
  readonly strategy: string
  /** The queue was removed, and this one has its callers; absent: the queue is in use. */
  readonly movedTo?: string
}

/** False for the name of a removed queue that leads to another one. */
export const isInUse = ({ movedTo }: QueueSettings): boolean => movedTo === undefined

/**
 * The names by which a caller of the queue `name` comes to a queue in use: `name` first, the queue in use last. Null
 * when there is no queue at the end of the way, or the way is a circle.
 */
export function wayTo(name: string, queues: ReadonlyMap<string, QueueSettings>): [...string[], string] | null {
  const way: string[] = []
  for (let next: string | undefined = name; next !== undefined;) {
    const queue = queues.get(next)
    if (!queue || way.includes(next)) return null
    way.push(next)
    next = queue.movedTo
  }
  return way as [...string[], string]
}
