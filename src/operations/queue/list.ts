import { z } from 'zod'
import { AGENT_WORDS } from '../../agent/words.ts'
import { queueFigures } from '../../queue/figures.ts'
import { COUNTS } from '../../queue/queue-table.ts'
import { operation } from '../operation.ts'

const count = z.number()

export default operation({
  name: 'queue.list',
  summary: 'the callers, waiting times and agents of each queue',
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
