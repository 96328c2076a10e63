import { z } from 'zod'
import { operation } from '../operation.ts'
import { previewBefore, previewShape, sayOf, wordFields } from './preview-named.ts'

export default operation({
  name: 'preview.call',
  summary: 'the agent asks for the call of the lead at which the agent looks; its number is checked once more before',
  needs: 'stores',
  role: 'supervisor',
  positional: ['agent'],
  input: z.strictObject(wordFields),
  output: previewShape,
  refusals: ['NOT_FOUND', 'WRONG_STATE'],
  changes: true,
  mustBeOnce: true,
  thing: previewBefore,
  run: (parts, named) => sayOf(parts, named, 'call', null),
})
