/** A simulation with the parts of a process around its flows: a command link that reconnects, and the reconciler. */
import type { Log } from '../../src/base/log.ts'
import { silentLog } from '../../src/base/log.ts'
import { CommandLink, type Commands } from '../../src/esl/client.ts'
import { Reconciler } from '../../src/recovery/reconcile.ts'
import { Simulation, type SimulateOptions } from '../../src/testing/simulation.ts'
import type { SimulatedNode } from '../../src/testing/simulated-node.ts'

export interface Rig {
  readonly sim: Simulation
  readonly node: SimulatedNode
  readonly reconciler: Reconciler
  /** The warnings of the reconciler. */
  readonly warned: string[]
}

/** Runs `what` in a simulation and ends it. Returns what was left behind: nothing, or one sentence or more. */
export async function inRig(options: SimulateOptions, what: (rig: Rig) => Promise<void>): Promise<string[]> {
  const sim = new Simulation(options)
  const node = await sim.until('node a opens', sim.ready)
  const at = node.switchboard.switches[0]!
  const { clock } = sim
  const commands = new CommandLink({
    name: at.name,
    host: '',
    port: 0,
    open: async () => sim.switch.connect(),
    password: sim.switch.password,
    clock,
    log: silentLog,
  })
  await sim.until(
    'the command link stands',
    commands.start().then(() => true),
  )
  const simple = at.commands
  ;(at as { commands: Commands }).commands = commands
  const warned: string[] = []
  const log = {
    ...silentLog,
    warn: (fields: object, text: string) => void warned.push(`${text} ${JSON.stringify(fields)}`),
  } as unknown as Log
  const reconciler = new Reconciler({
    node: 'a',
    address: node.address,
    nodes: {
      holds: () => true,
      isAlive: name => sim.nodes.has(name),
      peers: () => [...sim.nodes.keys()].map(name => ({ node: name, address: null, roles: ['listener'] })),
      on: () => ({ [Symbol.dispose]() {} }),
    },
    calls: sim.callStore,
    switchboard: node.switchboard,
    roster: sim.roster,
    queueStore: sim.queueStore,
    records: { ended: async row => void sim.records.push({ ...row, end: { cause: row.end.cause } }) },
    leads: null,
    rows: null,
    mine: uuid => node.flows.drives(uuid) || node.door.legs.has(uuid as never), // the same as in node/reconcile.ts
    legs: () => node.door.legs.values(),
    clock,
    log,
  })
  await sim.until(
    'the first look',
    reconciler.start().then(() => true),
  )
  const left: string[] = []
  try {
    await what({ sim, node, reconciler, warned })
  } catch (error) {
    left.push((error as Error).message)
  }
  try {
    await reconciler[Symbol.asyncDispose]()
    await commands.close()
    ;(at as { commands: Commands }).commands = simple
    await sim.close()
  } catch (error) {
    left.push((error as Error).message.split('\n').slice(0, 6).join(' '))
  }
  return left
}
