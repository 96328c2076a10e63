import { z } from 'zod'
import { described, whole } from '../../base/parsed.ts'
import { CALLBACK_STATES, listCallbacks } from '../../store/callbacks.ts'
import { operation } from '../operation.ts'
import { callbackShape, readCursor, writeCursor } from './callback-named.ts'

export default operation({
  name: 'callback.list',
  summary: 'the promised callbacks, newest first, also those that are over',
  needs: 'database',
  role: 'reader',
  positional: [],
  input: z.strictObject({
    queue: described(z.string().min(1), 'only those of this queue', '<queue>').optional(),
    state: described(
      z.enum(CALLBACK_STATES),
      `only those in this state: ${CALLBACK_STATES.join(', ')}`,
      '<state>',
    ).optional(),
    limit: described(whole(1, 1_000), 'how many', '<n>').default(50),
    after: described(z.string(), 'the cursor of the page before: `next` in its answer', '<cursor>').optional(),
  }),
  output: z.object({
    callbacks: z.array(callbackShape),
    /** Give it as `after` for the next page; null: this is the last one. */
    next: z.string().nullable(),
  }),
  refusals: [],
  changes: false,
  async run({ sql }, { queue, state, limit, after }) {
    const callbacks = await listCallbacks(sql, { queue, state, limit, after: readCursor(after) })
    const last = callbacks.at(-1)
    return { callbacks, next: last && callbacks.length === limit ? writeCursor(last) : null }
  },
})
