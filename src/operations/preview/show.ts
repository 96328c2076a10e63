import { z } from 'zod'
import { openPreviews } from '../../store/previews.ts'
import { mustBeAgent } from '../agent/agent-named.ts'
import { nameOf } from '../fields.ts'
import { operation } from '../operation.ts'
import { previewShape, shownPreview } from './preview-named.ts'

export default operation({
  name: 'preview.show',
  summary: 'the lead at which an agent looks before it is called (mode preview)',
  needs: 'stores',
  role: 'reader',
  positional: ['agent'],
  input: z.strictObject({ agent: nameOf('agent') }),
  output: z.object({
    agent: z.string(),
    /** Null: the agent looks at no lead. */
    preview: previewShape.nullable(),
  }),
  refusals: ['NOT_FOUND'],
  changes: false,
  async run(parts, { agent }) {
    await mustBeAgent(parts, agent)
    const [preview] = await openPreviews(parts.sql, { agent })
    return { agent, preview: preview ? shownPreview(preview) : null }
  },
})
