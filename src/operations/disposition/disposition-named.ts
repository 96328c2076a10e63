/** The dispositions of a campaign in answers: the built-in ones and its own. */
import { z } from 'zod'
import { findCampaign } from '../../campaign/campaign-commands.ts'
import { ATTEMPT_ENDS, FLAGS, isAttemptEnd, meaningOf, type AttemptEnd } from '../../campaign/disposition.ts'
import { ownDispositions, type OwnDispositionRow } from '../../store/dispositions.ts'
import type { Sql } from '../../store/sql.ts'
import { described } from '../../base/parsed.ts'
import type { Immutable } from '../operation.ts'

export const dispositionName = described(
  z.string().trim().min(1),
  'the name: 1 to 32 lower-case letters, digits and -, such as no-budget',
)

export const dispositionShape = z.object({
  name: z.string(),
  means: z.string(),
  /** Of a disposition of the campaign: the built-in one as which it behaves; null: it is a built-in one. */
  as: z.string().nullable(),
  /** The letters of VICIdial: given by the flow or the dial, given by an agent. */
  statusOfSystem: z.string().nullable(),
  statusOfAgent: z.string().nullable(),
  /** An agent may give it. */
  agent: z.boolean(),
  /** A flow may return it. */
  flow: z.boolean(),
  human: z.boolean(),
  is: z.array(z.enum(FLAGS)),
  /** The delay to the next call of the lead, or 'never'. */
  again: z.string(),
})

export type ShownDisposition = Immutable<z.input<typeof dispositionShape>>

export function shownOwn({ name, means, behavesAs, status, again }: OwnDispositionRow): ShownDisposition {
  const as = isAttemptEnd(behavesAs) ? behavesAs : 'talked'
  const like = meaningOf(as)
  return {
    name,
    means,
    as: behavesAs,
    statusOfSystem: null,
    statusOfAgent: status,
    agent: true,
    flow: false,
    human: like.human,
    is: like.is,
    again: again ?? like.again,
  }
}

function shownBuiltIn(end: AttemptEnd): ShownDisposition {
  const { means, by, agent = false, human, is, status, again } = meaningOf(end)
  return {
    name: end,
    means,
    as: null,
    statusOfSystem: status.system ?? null,
    statusOfAgent: status.agent ?? null,
    agent,
    flow: by === 'flow',
    human,
    is,
    again,
  }
}

/** The built-in ones, then those of the campaign. */
export const shownAll = (own: readonly OwnDispositionRow[]): ShownDisposition[] => [
  ...ATTEMPT_ENDS.map(shownBuiltIn),
  ...own.map(shownOwn),
]

/** What an audit row shows: the own disposition of this name; null without one. */
export async function ownNamed(
  { sql }: { readonly sql: Sql },
  { campaign, name }: { readonly campaign: string; readonly name: string },
): Promise<OwnDispositionRow | null> {
  const { id } = await findCampaign(sql, campaign)
  return (await ownDispositions(sql, id)).find(one => one.name === name) ?? null
}
