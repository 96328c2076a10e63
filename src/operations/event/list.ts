import { z } from 'zod'
import { described, whole } from '../../base/parsed.ts'
import { cloudEvent } from '../../events/envelope.ts'
import { listEvents } from '../../store/events.ts'
import { operation } from '../operation.ts'
import { eventShape, sequence, typesField } from './event-fields.ts'

export default operation({
  name: 'event.list',
  summary: 'what happened, in one order for all readers, oldest first; without after the newest events',
  needs: 'database',
  role: 'reader',
  positional: [],
  input: z.strictObject({
    types: typesField.default([]),
    subject: described(z.string().max(200), 'only events about this call, agent or campaign', '<id>').optional(),
    limit: described(whole(1, 1_000), 'how many', '<n>').default(50),
    after: described(sequence, 'only events behind the one with this sequence', '<n>').optional(),
  }),
  output: z.array(eventShape),
  refusals: [],
  changes: false,
  cursor: 'sequence',
  async run({ sql, eventsOut }, query, { seesNumbers = true }) {
    const events = await listEvents(sql, query)
    return events.map(event => cloudEvent(event, eventsOut.source, seesNumbers))
  },
})
