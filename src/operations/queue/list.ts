import { z } from 'zod'
import { AGENT_WORDS } from '../../agent/words.ts'
import { queueFigures } from '../../queue/figures.ts'
import { COUNTS } from '../../queue/queue-table.ts'
import { operation } from '../operation.ts'

const count = z.number()

export default operation({
  name: 'queue.list',
  summary: 'the callers, waiting times, callbacks and agents of each queue',
  needs: 'redis',
  role: 'reader',
  positional: [],
  input: z.strictObject({}),
  output: z.array(
    z.object({
      name: z.string(),
      strategy: z.string(),
      waiting: count,
      offered: count,
      longestWaitMs: z.number().nullable(),
      /** Of somebody who comes now; null: not known well enough. */
      estimatedWaitMs: z.number().nullable(),
      talking: count,
      callbacks: count,
      /**
       * Callbacks that could be made now and are not: their time has come (of the promise, or of the next try), the
       * calling hours of the queue are open, no agent is reserved for them, and no telephone rings.
       */
      overdueCallbacks: count,
      agents: z.object(
        Object.fromEntries(AGENT_WORDS.map(word => [word, count])) as Record<
          (typeof AGENT_WORDS)[number],
          typeof count
        >,
      ),
      since: z.object(
        Object.fromEntries(COUNTS.map(word => [word, count])) as Record<(typeof COUNTS)[number], typeof count>,
      ),
    }),
  ),
  refusals: [],
  changes: false,
  run: ({ roster, queueStore, clock }) => queueFigures({ roster, queueStore }, clock.now()),
})
