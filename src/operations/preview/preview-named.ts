/** The lead at which an agent looks before it is called, and its form in answers. */
import { z } from 'zod'
import { Refusal } from '../../base/errors.ts'
import { described, parsed } from '../../base/parsed.ts'
import { previewSetting } from '../../campaign/preview.ts'
import { uuid as callUuid } from '../../esl/safe-text.ts'
import { openPreviews, sayPreview, type PreviewRow } from '../../store/previews.ts'
import { mustBeAgent } from '../agent/agent-named.ts'
import { nameOf } from '../fields.ts'
import type { Immutable, StoreParts } from '../operation.ts'

export const previewShape = z.object({
  /** Of the call that may follow. */
  uuid: z.string(),
  campaign: z.string(),
  agent: z.string(),
  lead: z.number(),
  number: z.string(),
  fields: z.record(z.string(), z.string()),
  /** Attempts to reach the lead so far, and what came of the last one. */
  attempts: z.number(),
  disposition: z.string().nullable(),
  /** The time at which the person asked to be called; null: at none. */
  callbackAt: z.date().nullable(),
  since: z.date(),
  /** The agent may look so long; `next` follows. */
  until: z.date(),
  next: z.enum(['break', 'call', 'skip']),
  /** The word of the agent; null: none yet. */
  said: z.enum(['call', 'skip']).nullable(),
})

export const shownPreview = (preview: PreviewRow): Immutable<z.input<typeof previewShape>> => {
  const { id, campaign, calls, agent, lead, phone, fields, attempts, disposition, callbackAt, begunAt, until, said } =
    preview
  const next = previewSetting(calls, 'previewThen')
  return {
    ...{ uuid: id, campaign, agent, lead, number: phone, fields, attempts, disposition, callbackAt },
    ...{ since: begunAt, until, next, said },
  }
}

export const wordFields = {
  agent: nameOf('agent'),
  uuid: described(
    parsed(callUuid),
    'the uuid of the preview: refused when the agent looks at another lead by now (default: whatever the agent looks at)',
    '<uuid>',
  ).optional(),
}

/** What an audit row shows; null: the agent looks at nothing. */
export async function previewBefore({ sql }: StoreParts, { agent }: { readonly agent: string }) {
  const [preview] = await openPreviews(sql, { agent })
  return preview ? shownPreview(preview) : null
}

/** Writes the word of the agent. The node that dials the campaign acts on it. Rejects with Refusal WRONG_STATE. */
export async function sayOf(
  parts: StoreParts,
  { agent, uuid }: { readonly agent: string; readonly uuid?: string | undefined },
  said: 'call' | 'skip',
  reason: string | null,
): Promise<Immutable<z.input<typeof previewShape>>> {
  await mustBeAgent(parts, agent)
  const [preview] = await openPreviews(parts.sql, { agent })
  if (!preview) throw new Refusal('WRONG_STATE', `agent ${agent} looks at no lead`)
  if (uuid !== undefined && preview.id !== uuid)
    throw new Refusal('WRONG_STATE', `agent ${agent} looks at another lead by now: ${preview.phone} (${preview.id})`)
  if (!(await sayPreview(parts.sql, preview.id, said, reason)))
    throw new Refusal(
      'WRONG_STATE',
      `agent ${agent} looks at ${preview.phone} no longer: its call, or its skip, was asked for`,
    )
  await parts.wakeup.ring({ what: 'campaign', name: preview.campaign })
  return shownPreview({ ...preview, said, reason })
}
