/** The reason for breaks that an operation names, and its form in answers. */
import { z } from 'zod'
import type { BreakReason } from '../../agent/break-reasons.ts'
import type { Roster } from '../../agent/roster.ts'
import { described } from '../../base/parsed.ts'

export const reasonField = described(z.string().trim().min(1).max(64), 'the reason, such as lunch')

export const breakReasonShape = z.object({
  reason: z.string(),
  /** How long such a break may last, milliseconds; null: no limit. */
  limitMs: z.number().nullable(),
})

export const breakReasonNamed = async (
  { roster }: { readonly roster: Roster },
  { reason }: { readonly reason: string },
): Promise<BreakReason | null> => (await roster.breakReasons()).find(one => one.reason === reason) ?? null
