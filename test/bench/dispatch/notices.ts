/**
 * What the copies of all agents cost: four nodes without a call, a thousand agents, and one change of state per agent
 * and ten seconds. Each node hears of each change.
 */
import type { TestContext } from 'node:test'
import type { Told } from '../../fault/matrix.ts'
import { pause, Rig } from '../../fault/rig.ts'
import { cpuMs } from '../figures.ts'
import { AGENTS, QUEUES, QUEUES_EACH } from './matching.ts'

const NODES = ['a', 'b', 'c', 'd'] as const
const PER_SECOND = AGENTS / 10

export interface NoticesReport {
  readonly changes: number
  /** The share of one core that each node used, without changes and with them. */
  readonly idle: readonly number[]
  readonly busy: readonly number[]
}

export async function measureNotices(seconds: number): Promise<NoticesReport> {
  const after: (() => unknown)[] = []
  const t = { after: (fn: () => unknown) => void after.push(fn) } as unknown as TestContext
  try {
    const queues = Array.from({ length: QUEUES }, (_, at) => `queue-${at}`)
    const settings = { LOG_LEVEL: 'warn', WARM_UP: '0' }
    const rig = await Rig.open(t, { whenMissed() {} } as unknown as Told, { nodes: NODES, queues, settings })
    for (let at = 0; at < AGENTS; at++) {
      const serves = Array.from({ length: QUEUES_EACH }, (_, n) => queues[(at + n * 41) % QUEUES]!)
      const tiers = serves.map(queue => ({ queue, level: 1, position: 1 }))
      const agent = { name: `agent-${at}`, endpoint: `user/agent-${at}`, wrapUpMs: 0, ringForMs: 20_000, queues: tiers }
      await rig.roster.put(agent, Date.now())
    }
    const nodes = await rig.start(NODES)
    await pause(3_000)
    const cpu = () => nodes.map(({ pid }) => cpuMs(pid))
    const during = async (work: () => Promise<void>) => {
      const [before, began] = [cpu(), performance.now()]
      await work()
      const [used, took] = [cpu(), performance.now() - began]
      return used.map((ms, at) => (ms - before[at]!) / took)
    }
    const idle = await during(() => pause(seconds * 1_000))
    let changes = 0
    const writes: Promise<unknown>[] = []
    const busy = await during(async () => {
      const began = performance.now()
      for (; changes < PER_SECOND * seconds; changes++) {
        await pause(Math.max(0, began + (changes * 1_000) / PER_SECOND - performance.now()))
        const status = Math.floor(changes / AGENTS) % 2 === 0 ? 'ready' : 'break'
        writes.push(rig.roster.setStatus(`agent-${changes % AGENTS}`, status, Date.now()))
      }
      await Promise.all(writes)
    })
    return { changes, idle, busy }
  } finally {
    for (const fn of after.toReversed()) await fn()
  }
}
