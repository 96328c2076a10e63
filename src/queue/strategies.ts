/** The strategies by name: one line for each file in strategies/, named as its strategy (a test compares them). */
import { longestIdleAgent } from './strategies/longest-idle-agent.ts'
import { random } from './strategies/random.ts'
import { roundRobin } from './strategies/round-robin.ts'
import { topDown } from './strategies/top-down.ts'
import type { Strategy } from './strategy.ts'

export const STRATEGY_BY_NAME: ReadonlyMap<string, Strategy> = new Map([
  ['longest-idle-agent', longestIdleAgent],
  ['random', random],
  ['round-robin', roundRobin],
  ['top-down', topDown],
])

/** The names that a queue's settings may have; the first one is the default. */
export const STRATEGIES = [...STRATEGY_BY_NAME.keys()] as [string, ...string[]]
