/**
 * From an agent who is free to the `originate` that leaves the node, through the production path: Redis, the notice,
 * the matcher, the assignment, the flow of the caller with its journal, and the command to FreeSWITCH. The node is a
 * process of its own; the simulated FreeSWITCH, on TCP, and the agents are in this one. The time begins when this
 * process sends the agent's new status to Redis, and ends when FreeSWITCH has the command: both ways are in the figure.
 */
import type { TestContext } from 'node:test'
import { Crowd } from '../../fault/people.ts'
import type { Told } from '../../fault/matrix.ts'
import { pause, Rig, until } from '../../fault/rig.ts'
import { Times, type Spread } from '../figures.ts'
import { AGENTS, QUEUES, QUEUES_EACH } from './matching.ts'

export interface OriginateReport {
  readonly waiting: number
  readonly ms: Spread
}

/** `samples`: so many agents are free, one after the other; `AGENTS` at most. */
export async function measureOriginate(waiting: number, samples: number): Promise<OriginateReport> {
  const after: (() => unknown)[] = []
  const t = { after: (fn: () => unknown) => void after.push(fn) } as unknown as TestContext
  try {
    const queues = Array.from({ length: QUEUES }, (_, at) => `queue-${at}`)
    const rig = await Rig.open(t, { whenMissed() {} } as unknown as Told, {
      nodes: ['a'],
      queues,
      settings: { LOG_LEVEL: 'warn', WARM_UP: '100' },
    })
    for (let at = 0; at < AGENTS; at++) {
      const name = `agent-${at}`
      rig.sim.world.at(`user/${name}`, { answers: 'declined' })
      const serves = Array.from({ length: QUEUES_EACH }, (_, n) => queues[(at + n * 41) % QUEUES]!)
      const settings = { endpoint: `user/${name}`, wrapUpMs: 0, ringForMs: 20_000 }
      const tiers = serves.map(queue => ({ queue, level: 1, position: 1 }))
      await rig.roster.put({ name, ...settings, queues: tiers }, Date.now())
    }
    await rig.start()
    const crowd = new Crowd(rig)
    for (let at = 0; at < waiting; at++)
      await crowd.call(1, { flow: 'queue-entry', variables: { queue: queues[at % QUEUES]! }, everyMs: 2 })
    const inLine = async () => {
      const members = await Promise.all(queues.map(queue => rig.queueStore.waiting(queue)))
      return members.flat().length
    }
    await until(`${waiting} callers wait`, async () => (await inLine()) === waiting, 120_000)
    await pause(2_000)

    const times = new Times()
    for (let at = 0; at < samples; at++) {
      const name = `agent-${at}`
      const rang = rig.oracle.originated.length
      const began = performance.now()
      await rig.roster.setStatus(name, 'ready', Date.now())
      await until(`${name} is rung`, () => rig.oracle.originated.length > rang, 10_000)
      times.add(rig.oracle.originated[rang]!.at - began)
      await rig.roster.setStatus(name, 'break', Date.now())
      await pause(20)
    }
    crowd.leave()
    await pause(1_000)
    return { waiting, ms: times.spread() }
  } finally {
    for (const fn of after.toReversed()) await fn()
  }
}
