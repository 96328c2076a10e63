/** The queues of one node with the node's copy of the roster, as src/node.ts puts them together. */
import { RosterMirror } from '../src/agent/roster-mirror.ts'
import { openQueues } from '../src/queue/queue.ts'
import type { QueueParts, Queues } from '../src/queue/queues.ts'

/** Disposing closes the copy of the roster too. */
export function openNodeQueues(parts: Omit<QueueParts, 'mirror'>): Queues {
  const mirror = new RosterMirror(parts.roster, parts.clock, parts.log)
  const queues = openQueues({ ...parts, mirror })
  const close = queues[Symbol.asyncDispose].bind(queues)
  return Object.assign(queues, {
    [Symbol.asyncDispose]: async () => {
      await close()
      mirror.close()
    },
  })
}
