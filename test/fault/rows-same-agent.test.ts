/** Row 66: two nodes, each a process of its own, give the same agents to the same callers. */
import { redisRoster } from '../../src/agent/redis-roster.ts'
import { systemClock } from '../../src/base/clock.ts'
import { redisQueueStore } from '../../src/queue/redis-store.ts'
import { openRedis } from '../open-services.ts'
import { ownProgram } from '../own-program.ts'
import { many, row } from './matrix.ts'
import type { RaceReport } from './same-agent.run.ts'

/** Few, so that the two nodes often want the same. */
const AGENTS = 8
const CALLERS = 8

row(
  66,
  'two nodes give the same agents to the same callers: no agent has two, no caller has two',
  { injected: 'the same decisions at once', quick: true },
  async (t, told) => {
    const { client, address } = await openRedis(t)
    const home = { commands: client, subscriber: client }
    const [roster, store, now] = [redisRoster(home), redisQueueStore(home), systemClock.now()]
    await store.put({ name: 'sales', strategy: 'longest-idle-agent' })
    for (let at = 0; at < AGENTS; at++) {
      const tiers = [{ queue: 'sales', level: 1, position: 1 }]
      const settings = { endpoint: `user/${at}`, wrapUpMs: 0, ringForMs: 20_000, queues: tiers }
      await roster.put({ name: `agent-${at}`, ...settings }, now)
      await roster.setStatus(`agent-${at}`, 'ready', now)
    }
    for (let at = 0; at < CALLERS; at++) {
      const caller = { call: `call-${at}`, from: '100', node: 'a', joinedAt: now + at, headStartMs: 0 }
      await store.enter('sales', caller, now)
    }
    told.trials = many(100_000, 2_000)
    const run = async (node: string) =>
      JSON.parse(
        await ownProgram('test/fault/same-agent.run.ts', JSON.stringify(address), node, told.trials),
      ) as RaceReport
    const reports = await Promise.all([run('a'), run('b')])
    const sum = (of: (report: RaceReport) => number) => reports.reduce((total, report) => total + of(report), 0)
    const [won, lost, doubles] = [sum(one => one.won), sum(one => one.lost), sum(one => one.doubles)]
    told.is(`${doubles} agents or callers with two of ${won} assignments`, doubles === 0 && won > told.trials / 20)
    told.is(`${lost} decisions came second`, lost > told.trials / 100)
  },
)
