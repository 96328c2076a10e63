/**
 * The strategies by name: one line for each file in strategies/, named as its strategy (a test compares them), and
 * those of a team's own folder (setting QUEUE_STRATEGIES), which a process loads when it starts.
 */
import { readdir } from 'node:fs/promises'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { InputError } from '../base/errors.ts'
import { agentWithFewestCalls } from './strategies/agent-with-fewest-calls.ts'
import { agentWithLeastTalkTime } from './strategies/agent-with-least-talk-time.ts'
import { longestIdleAgent } from './strategies/longest-idle-agent.ts'
import { random } from './strategies/random.ts'
import { ringAll } from './strategies/ring-all.ts'
import { ringProgressively } from './strategies/ring-progressively.ts'
import { roundRobin } from './strategies/round-robin.ts'
import { sequentiallyByAgentOrder } from './strategies/sequentially-by-agent-order.ts'
import { topDown } from './strategies/top-down.ts'
import type { Strategy } from './strategy.ts'

const known = new Map<string, Strategy>([
  ['longest-idle-agent', longestIdleAgent],
  ['round-robin', roundRobin],
  ['top-down', topDown],
  ['agent-with-least-talk-time', agentWithLeastTalkTime],
  ['agent-with-fewest-calls', agentWithFewestCalls],
  ['sequentially-by-agent-order', sequentiallyByAgentOrder],
  ['random', random],
  ['ring-all', ringAll],
  ['ring-progressively', ringProgressively],
])

/** The files of a team's strategies, by name. */
const ownFiles = new Map<string, string>()

export const STRATEGY_BY_NAME: ReadonlyMap<string, Strategy> = known

/** The strategy of a queue for which none is given. */
export const DEFAULT_STRATEGY = 'longest-idle-agent'

/** The names that a queue's settings may have. */
export const strategyNames = (): readonly string[] => [...known.keys()]

/** The text that refuses another name. */
export const noStrategy = (name: string): string =>
  `there is no strategy '${name}'; known: ${strategyNames().join(', ')}`

/**
 * Adds the strategies of a folder: `<folder>/*.ts` (and .js, .mjs). The name of the file is the name of the strategy,
 * its default export is the function (strategy.ts). Rejects with one InputError (BAD_INPUT) that lists every fault.
 *
 * @example
 * // nearest-agent.ts
 * export default situation => situation.agents.map(agent => ({ agents: [agent], key: [agent.tier.position] }))
 */
export async function loadStrategies(folder: string): Promise<void> {
  const root = resolve(folder)
  const files = await readdir(root).catch((error: unknown) => {
    throw new InputError(`the folder of strategies ${root} cannot be read (setting QUEUE_STRATEGIES)`, { cause: error })
  })
  const faults: string[] = []
  for (const file of files.filter(name => /\.(ts|js|mjs)$/.test(name)).sort()) {
    const fault = await load(file.replace(/\.\w+$/, ''), resolve(root, file))
    if (fault) faults.push(`${file}: ${fault}`)
  }
  if (faults.length > 0) throw new InputError(`strategies that cannot be used in ${folder}:\n  ${faults.join('\n  ')}`)
}

async function load(name: string, path: string): Promise<string | null> {
  if (!/^[a-z0-9-]{1,40}$/.test(name))
    return "a strategy's name has 1 to 40 lower-case letters, digits and -: rename the file"
  if (ownFiles.get(name) === path) return null // another node of this process has loaded it
  if (known.has(name)) return `there is a strategy '${name}' already: rename the file`
  try {
    const loaded = (await import(pathToFileURL(path).href)) as { default?: unknown }
    if (typeof loaded.default !== 'function') return 'its default export is not a function'
    known.set(name, loaded.default as Strategy)
    ownFiles.set(name, path)
    return null
  } catch (error) {
    return `it cannot be loaded: ${error instanceof Error ? error.message : String(error)}`
  }
}
