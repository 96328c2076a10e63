import { z } from 'zod'
import { described } from '../../base/parsed.ts'
import { operation } from '../operation.ts'
import { previewBefore, previewShape, sayOf, wordFields } from './preview-named.ts'

export default operation({
  name: 'preview.skip',
  summary:
    'the agent does not want the lead at which the agent looks: it is offered again later, and the agent gets another one',
  needs: 'stores',
  role: 'supervisor',
  positional: ['agent', 'reason'],
  input: z.strictObject({
    ...wordFields,
    reason: described(z.string().max(200), 'why, in the words of the agent').optional(),
  }),
  output: previewShape,
  refusals: ['NOT_FOUND', 'WRONG_STATE'],
  changes: true,
  thing: previewBefore,
  run: (parts, { reason, ...named }) => sayOf(parts, named, 'skip', reason ?? null),
})
