/**
 * The rig of the rows on a real FreeSWITCH: the FreeSWITCH under test with the project's dialplan, the people outside
 * in a second one (which outlives the first), nodes as separate processes, one PostgreSQL and one Redis for all of
 * them, and an observer at both FreeSWITCHes.
 */
import { SwitchError } from '../../../src/base/errors.ts'
import { connectTcp } from '../../../src/esl/tcp.ts'
import type { NodeProcess } from '../../fault/node-process.ts'
import { startFarEnd, startFreeSwitch, type FreeSwitch } from '../switch/freeswitch.ts'
import { Ear, type Heard } from './ear.ts'
import { nodeBeside } from './node.ts'
import { People } from './people.ts'
import type { Setup } from './rows.ts'
import { FLOW_SOUNDS } from './sounds.ts'
import { Stores } from './stores.ts'

export type Side = 'a' | 'b' | 'c'
/** The number that nodes show to people whom they call: it identifies the caller. */
export const SHOWS = { a: '4900000001', b: '4900000002', c: '4900000003' } as const

export class Rig {
  readonly near: FreeSwitch
  readonly far: FreeSwitch
  readonly stores: Stores
  readonly people: People
  /** At the FreeSWITCH under test; a new one after its restart. */
  ear: Ear
  readonly farEar: Ear
  readonly nodes: NodeProcess[] = []
  /** What the observer received before the FreeSWITCH was restarted. */
  readonly before: Heard[] = []

  private constructor(near: FreeSwitch, far: FreeSwitch, stores: Stores, ear: Ear, farEar: Ear) {
    this.near = near
    this.far = far
    this.stores = stores
    this.ear = ear
    this.farEar = farEar
    this.people = new People(this)
  }

  static async open(program: string, setup: Setup): Promise<Rig> {
    const stores = await Stores.open()
    const near = await startFreeSwitch(program, {
      outside: 'other',
      trackCalls: setup === 'tracked',
      threeNodes: setup === 'three nodes',
      sounds: FLOW_SOUNDS,
    })
    const far = await startFarEnd(program, near.ports)
    const ear = await Ear.open(near.ports.eventSocket, near.password, { sounds: true })
    const farEar = await Ear.open(far.ports.eventSocket, far.password, { sounds: false })
    const rig = new Rig(near, far, stores, ear, farEar)
    await rig.setOverflow('')
    return rig
  }

  portOf(side: Side): number {
    const { nodeA, nodeB, nodeC } = this.near.ports
    return { a: nodeA, b: nodeB, c: nodeC }[side]
  }

  /** Starts a node at this address of the dialplan. Resolves when its listener is open. */
  async node(side: Side, settings: Readonly<Record<string, string>> = {}): Promise<NodeProcess> {
    const node = nodeBeside(this.near, this.stores, {
      name: `node-${side}${this.nodes.length}`,
      port: this.portOf(side),
      settings: { LOG_LEVEL: 'info', CALLER_ID: SHOWS[side], ...settings },
    })
    this.nodes.push(node)
    await node.ready()
    await eventually(`${node.name} takes calls`, 5_000, () => opens(this.portOf(side)))
    return node
  }

  /** In parallel: each needs two seconds. */
  both(): Promise<[NodeProcess, NodeProcess]> {
    return Promise.all([this.node('a'), this.node('b')])
  }

  /** kill -9. Returns the time, by FreeSWITCH's clock. */
  kill(node: NodeProcess): number {
    const at = Date.now()
    node.kill()
    return at
  }

  /** The number that the fallback dials after the apology; '' hangs up. */
  async setOverflow(endpoint: string): Promise<void> {
    await this.ear.api(`global_setvar switchhook_overflow=${endpoint}`)
  }

  /** Kills FreeSWITCH with all its calls. Returns the time. */
  async killSwitch(): Promise<number> {
    const at = Date.now()
    await this.near.kill()
    await this.ear.closed
    return at
  }

  async startSwitchAgain(): Promise<void> {
    await this.near.startAgain()
    this.before.push(...this.ear.heard)
    this.ear = await Ear.open(this.near.ports.eventSocket, this.near.password, { sounds: true })
    await this.setOverflow('')
  }

  /** Before each row: nobody on the line, no node, empty stores. */
  async fresh(): Promise<void> {
    await Promise.all(this.nodes.splice(0).map(node => end(node)))
    await this.people.leave()
    await this.ear.api('hupall')
    await this.farEar.api('hupall')
    await eventually(
      'both switches are empty',
      15_000,
      async () => (await this.legs(this.ear)) + (await this.legs(this.farEar)) === 0,
    )
    await this.stores.fresh()
    this.ear.heard.length = 0
    this.farEar.heard.length = 0
    this.before.length = 0
  }

  async close(): Promise<void> {
    this.people.close()
    await Promise.all(this.nodes.map(node => end(node)))
    await Promise.all([this.ear.close(), this.farEar.close()])
    await Promise.all([this.near.stop(), this.far.stop()])
    await this.stores.close()
  }

  /** For a person who reads a failure: some legs, and the logs. */
  story(): string {
    const legs = [...new Set([...this.before, ...this.ear.heard].map(heard => heard.uuid))].slice(0, 8)
    const logs = this.nodes.flatMap(node => [
      `node ${node.name}, pid ${node.pid}:`,
      ...node.log.slice(-250).map(line => line.slice(0, 320)),
    ])
    return [...legs.map(uuid => `${uuid}: ${this.ear.story(uuid)}`), ...logs].join('\n')
  }

  async legs(ear: Ear): Promise<number> {
    return Number(/^(\d+)/.exec(await ear.api('show channels count'))?.[1] ?? 0)
  }
}

/** True when a process listens there. (The node logs that this connection identified no call.) */
async function opens(port: number): Promise<boolean> {
  try {
    const wire = await connectTcp('127.0.0.1', port)
    wire.destroy()
    return true
  } catch (error) {
    if (error instanceof SwitchError) return false
    throw error
  }
}

async function end(node: NodeProcess): Promise<void> {
  if (node.exit === null) node.cont()
  await node.end()
}

/**
 * Checks every 20 ms, because the condition is in other processes. Returns the milliseconds that it took; rejects with
 * `what` after the limit.
 */
export async function eventually(
  what: string,
  withinMs: number,
  isSo: () => boolean | Promise<boolean>,
): Promise<number> {
  const began = performance.now()
  while (!(await isSo())) {
    if (performance.now() - began > withinMs) throw new Error(`expected within ${withinMs} ms: ${what}`)
    await pause(20)
  }
  return performance.now() - began
}

/** Real processes, real time. */
export const pause = (ms: number): Promise<void> => new Promise(done => setTimeout(done, ms))
