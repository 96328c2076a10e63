/** The rule sets that a campaign may name. A new country is a file beside us.ts, and a line here. */
import { UK } from './uk.ts'
import { US } from './us.ts'
import type { RuleSet } from './rule-set.ts'

/** 'none': no hours but those of the campaign itself. */
export const RULE_SETS = { none: null, us: US, uk: UK } as const satisfies Record<string, RuleSet | null>

export type RulesName = keyof typeof RULE_SETS
export const RULES_NAMES = Object.keys(RULE_SETS) as [RulesName, ...RulesName[]]
