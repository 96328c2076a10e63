/** A supervisor at a simulated installation, who performs operations on a node as the command line does. */
import assert from 'node:assert/strict'
import type { z } from 'zod'
import { silentLog } from '../../src/base/log.ts'
import type { Simulation } from '#testing'
import { ThirdLegs } from '../../src/node/third-legs.ts'
import { liveCalls } from '../../src/node/live-calls.ts'
import type { LiveCalls, Needs, Operation, PartsFor } from '../../src/operations/operation.ts'
import { perform } from '../../src/operations/perform.ts'

type NodeName = 'a' | 'b'

/** What the operations of a node get. */
export async function liveOf(sim: Simulation, node: NodeName = 'a'): Promise<LiveCalls> {
  await sim.ready
  const { switchboard, acts, calls, telephones } = sim.nodes.get(node)!
  const { clock, log, events, settings } = calls
  return liveCalls({
    switchboard,
    node,
    calls: sim.callStore,
    clock: sim.clock,
    isAlive: name => sim.nodes.has(name as NodeName),
    acts: () => acts,
    beside: new ThirdLegs({ ...settings, switchboard, telephones, callerId: settings.callerId, clock, log, events }),
    dial: () => assert.fail('nobody dials here'),
    ask: async (to, act) => sim.nodes.get(to)!.acts.perform(act),
  })
}

/** Performs one operation on a node, by default on node a. */
export async function asks<Input extends z.ZodObject, Output extends z.ZodType, N extends Needs>(
  sim: Simulation,
  operation: Operation<Input, Output, N>,
  input: z.input<Input>,
  node: NodeName = 'a',
): Promise<z.output<Output>> {
  const { clock, roster, queueStore } = sim
  const audit = { begin: async () => ({ end: async () => {} }) }
  const parts = { clock, log: silentLog, audit, roster, queueStore, node: await liveOf(sim, node) }
  const actor = { who: 'ann', door: 'job', role: 'supervisor' } as const
  return sim.until(operation.name, perform(operation, parts as unknown as PartsFor[N], input, actor))
}

/** The uuid of the only live call. */
export const onlyCall = (sim: Simulation): string => [...sim.rows.keys()][0]!
