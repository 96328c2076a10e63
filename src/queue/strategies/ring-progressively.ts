import { settingOf } from '../settings.ts'
import { ordered, type Strategy } from '../strategy.ts'

/**
 * One telephone rings; each time the setting ringProgressivelyDelay has passed, one more rings too, by level and
 * position. The first agent who takes the call has it. As in mod_callcenter.
 */
export const ringProgressively: Strategy = Object.assign(
  (situation => {
    const { caller, queue, now } = situation
    const nextAt = (caller.offeredAt ?? 0) + settingOf(queue, 'ringProgressivelyDelayMs')
    if (caller.ringing > 0 && now < nextAt) return { lookAgainAt: nextAt }
    return ordered(situation, ({ tier }) => [tier.level, tier.position])
  }) satisfies Strategy,
  { addsAgents: true as const },
)
