/** A simulation of one node whose links are disturbed, and the warnings of that node. */
import type { Log } from '../../src/base/log.ts'
import { silentLog } from '../../src/base/log.ts'
import { Simulation, type SimulateOptions } from '../../src/testing/simulation.ts'
import type { SimulatedNode } from '../../src/testing/simulated-node.ts'

export interface Rig {
  readonly sim: Simulation
  readonly node: SimulatedNode
  /** The warnings of the node. */
  readonly warned: string[]
}

/** Runs `what` in a simulation and ends it. Returns what was left behind: nothing, or one sentence or more. */
export async function inRig(options: SimulateOptions, what: (rig: Rig) => Promise<void>): Promise<string[]> {
  const warned: string[] = []
  const log = {
    ...silentLog,
    warn: (fields: object, text: string) => void warned.push(`${text} ${JSON.stringify(fields)}`),
  } as unknown as Log
  const sim = new Simulation({ ...options, log, reconciles: true })
  const node = await sim.until('node a opens', sim.ready)
  const left: string[] = []
  try {
    await what({ sim, node, warned })
  } catch (error) {
    left.push((error as Error).message)
  }
  try {
    await sim.close()
  } catch (error) {
    left.push((error as Error).message.split('\n').slice(0, 6).join(' '))
  }
  return left
}
