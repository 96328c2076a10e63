/**
 * The mode preview: an agent looks at a lead before it is called. The settings of a campaign for it, and what follows
 * for one open preview at a moment. Pure. dial-preview.ts acts on it, and tells why a preview is no attempt.
 */
import { choice, duration, settingIn } from '../base/settings.ts'
import type { PreviewRow } from '../store/previews.ts'

export const PREVIEW_SETTINGS = {
  previewTimeMs: duration(60_000, ['5s', '1h'], 'preview: how long an agent may look at a lead'),
  previewThen: choice(
    'break',
    ['break', 'call', 'skip'],
    'preview: what happens after that time. break: the lead goes back and the agent has a break; call: the lead is called; skip: it is skipped',
  ),
  skipAfterMs: duration(1_800_000, ['1m', '31d'], 'preview: how long a skipped lead is not offered again'),
} as const

/** The reason of a break that a preview without a word of the agent brought about. */
export const NO_WORD = 'no answer to a preview'

/** @example previewSetting(campaign.calls, 'previewTimeMs') */
export const previewSetting = settingIn(PREVIEW_SETTINGS)

/**
 * The agent of a preview. 'looks': ready, on the line, and reserved for it. 'away': still reserved, and on a break or
 * logged out. 'gone': hung up, or no longer reserved.
 */
export type Looking = 'looks' | 'away' | 'gone'

/**
 * 'look': the agent looks on. 'call', 'skip': by the word of the agent, or because the time is over. 'break': the time
 * is over; the lead goes back, and the agent gets a break. 'leave': the agent has left; the lead goes back. 'withdraw':
 * the lead is no longer for this preview.
 */
export type PreviewStep = 'look' | 'call' | 'skip' | 'break' | 'leave' | 'withdraw'

/**
 * The word of an agent goes before the time, and before a break that follows it. A lead whose agent has left is not
 * called: nobody would talk with the person.
 */
export function previewStep(
  { said, until, heldUntil, isHeld }: Pick<PreviewRow, 'said' | 'until' | 'heldUntil' | 'isHeld'>,
  agent: Looking,
  then: 'break' | 'call' | 'skip',
  now: number,
): PreviewStep {
  if (!isHeld) return 'withdraw'
  if (said === 'skip') return 'skip'
  if (agent === 'gone') return 'leave'
  if (now >= heldUntil.getTime()) return 'withdraw' // no line was free for the call, or no node has looked in time
  if (said === 'call') return 'call'
  if (agent === 'away') return 'leave'
  return now < until.getTime() ? 'look' : then
}
