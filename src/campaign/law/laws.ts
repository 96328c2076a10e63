/**
 * The laws, and the law of one campaign: the numbers of the named law, with those of the campaign where it has its own.
 * A campaign may be stricter than its law, never laxer; the law `custom` is what the campaign says.
 */
import { InputError } from '../../base/errors.ts'
import { said } from '../../base/duration.ts'
import { crtc } from './crtc.ts'
import { custom } from './custom.ts'
import { ftc } from './ftc.ts'
import { ofcom } from './ofcom.ts'
import type { LawPolicy } from './policy.ts'
import { strict } from './strict.ts'
import type { LawSettings } from '../../store/campaigns.ts'

const LAWS = { strict, ftc, ofcom, crtc, custom } as const satisfies Record<string, LawPolicy>

export type LawName = keyof typeof LAWS
export const LAW_NAMES = Object.keys(LAWS) as readonly LawName[]

/**
 * The numbers that hold for a campaign. A law that this version does not know (a newer node has set it) is `strict`
 * with the own numbers of the campaign.
 */
export const policyOf = ({ name, ...own }: LawSettings): LawPolicy => withOwn(lawNamed(name), own)

const withOwn = (law: LawPolicy, own: Omit<LawSettings, 'name'>): LawPolicy => ({
  ...law,
  ...(Object.fromEntries(Object.entries(own).filter(([, number]) => number !== undefined)) as Partial<LawPolicy>),
})

const lawNamed = (name: string): LawPolicy => (Object.hasOwn(LAWS, name) ? LAWS[name as LawName] : strict)

/**
 * Throws InputError, with every fault, for a law that does not exist and for own numbers that are laxer than the law.
 */
export function checkLaw({ name, ...own }: LawSettings, ringForMs: number): void {
  if (!Object.hasOwn(LAWS, name))
    throw new InputError(`law is '${name}'; known: ${LAW_NAMES.join(', ')} (docs/compliance.md)`)
  const law = lawNamed(name)
  const policy = withOwn(law, own)
  const faults: string[] = []
  if (policy.detectionErrors > 0 && policy.count !== 'ofcom')
    faults.push(`detection_errors count only with ofcom_uk_drop_calc, which the law ${name} does not use`)
  if (ringForMs < policy.minRingMs)
    faults.push(`ring_for is ${said(ringForMs)}; the law ${name} asks for ${said(policy.minRingMs)} or more`)
  if (law !== custom) faults.push(...laxer(law, policy))
  if (faults.length > 0) throw new InputError(faults.join('; '))
}

function laxer(law: LawPolicy, policy: LawPolicy): string[] {
  const faults: string[] = []
  const refuse = (isLaxer: boolean, what: string, given: string, allowed: string) =>
    void (isLaxer && faults.push(`${what} is ${given}; the law ${law.name} allows ${allowed}`))
  const { maxAbandoned, connectWithinMs, lockMs, window, deadlineFrom, count } = policy
  const percent = (part: number) => `${Math.round(part * 10_000) / 100} %`
  refuse(
    maxAbandoned > law.maxAbandoned,
    'max_abandoned',
    percent(maxAbandoned),
    `at most ${percent(law.maxAbandoned)}`,
  )
  refuse(
    connectWithinMs > law.connectWithinMs,
    'connect_within',
    said(connectWithinMs),
    `at most ${said(law.connectWithinMs)}`,
  )
  refuse(lockMs < law.lockMs, 'abandoned_lock', said(lockMs), `${said(law.lockMs)} or more`)
  // 3 % in any 24 hours are 3 % in every longer window; nothing else can be compared
  refuse(window !== law.window && window !== 'day', 'abandoned_window', window, `${law.window} or day`)
  refuse(deadlineFrom !== law.deadlineFrom && deadlineFrom !== 'answer', 'deadline_from', deadlineFrom, 'answer')
  refuse(count !== law.count, 'abandoned_count', count, law.count)
  return faults
}
