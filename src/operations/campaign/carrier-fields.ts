/** The settings of a campaign about gateways and numbers that called people see, as input and in answers. */
import { z } from 'zod'
import { described, parsed } from '../../base/parsed.ts'
import { parseCallerId, ROTATIONS } from '../../campaign/caller-ids.ts'
import { parseWay } from '../../campaign/ways.ts'
import type { Sql } from '../../store/sql.ts'
import { findGateway } from '../gateway/gateway-named.ts'

/** A list whose only word is 'none' is empty: the command line cannot give an empty one. */
const listOf = <T>(parse: (text: string) => T) =>
  z.array(z.string()).transform((texts, context): T[] => {
    if (texts.length === 1 && texts[0] === 'none') return []
    const read = z.array(parsed(parse)).safeParse(texts)
    if (read.success) return read.data as T[]
    for (const { message } of read.error.issues) context.addIssue({ code: 'custom', message })
    return z.NEVER
  })

/** The settings that may be given; those that are not given stay. */
export const carrierFields = {
  gateways: described(
    listOf(parseWay),
    'gateways that share its calls, each with its weight (carrier:9,backup:1), or none: GATEWAY',
    '<names>',
  ).optional(),
  callerIds: described(
    listOf(parseCallerId),
    'numbers that called people see in turn, also for the first digits of called numbers (+4930=+4930111), or none: the caller id',
    '<numbers>',
  ).optional(),
  callerIdRotation: described(
    z.enum(ROTATIONS),
    'lead: a lead always sees the same of them; attempt: the next one at each attempt (in a new campaign: lead)',
    `<${ROTATIONS.join('|')}>`,
  ).optional(),
}

export const carrierShape = {
  gateways: z.array(z.object({ name: z.string(), weight: z.number() })),
  callerIds: z.array(z.object({ number: z.string(), prefix: z.string() })),
  callerIdRotation: z.enum(ROTATIONS),
  /** Why no gateway takes more calls; null: one does. `at`: ms since the epoch. */
  gatewayWhy: z.object({ words: z.string(), at: z.number() }).nullable(),
}

/** Rejects with NotFoundError for a gateway that was not added. */
export async function mustBeGateways(sql: Sql, gateways: readonly { readonly name: string }[] = []): Promise<void> {
  for (const { name } of gateways) await findGateway(sql, name)
}
