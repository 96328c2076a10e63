import { z } from 'zod'
import { described, parsed, whole } from '../../base/parsed.ts'
import { uuid } from '../../esl/safe-text.ts'
import { auditRows } from '../../store/audit.ts'
import { auditShape } from '../audit.ts'
import { operation } from '../operation.ts'

export default operation({
  name: 'audit.list',
  summary: 'who changed what, newest first',
  needs: 'database',
  role: 'administrator',
  positional: ['subject'],
  input: z.strictObject({
    subject: described(z.string(), 'only changes of the queue, agent or campaign of this name').optional(),
    who: described(z.string(), 'only changes by this person or system', '<name>').optional(),
    limit: described(whole(1, 1_000), 'how many', '<n>').default(20),
    after: described(parsed(uuid), 'only rows that are older than the one with this id', '<id>').optional(),
  }),
  output: z.array(auditShape),
  refusals: [],
  changes: false,
  cursor: 'id',
  run: ({ sql }, filter) => auditRows(sql, filter),
})
