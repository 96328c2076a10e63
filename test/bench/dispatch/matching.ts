/**
 * What one change costs the matcher: an agent is free, the matcher decides, and the records are as after the
 * assignment. Measured with more and more callers who wait: the cost must not grow with them.
 */
import { newAgent, released, reserved, withStatus, type Agent } from '../../../src/agent/agent.ts'
import { FloorIndex } from '../../../src/queue/floor-index.ts'
import { matchChanges } from '../../../src/queue/match.ts'
import { joined, offered, type Member } from '../../../src/queue/member.ts'
import { Times, type Spread } from '../figures.ts'

export const QUEUES = 200
export const AGENTS = 1_000
/** Each agent serves so many of the queues. */
export const QUEUES_EACH = 5

const START = 1_767_600_000_000
const queueName = (at: number) => `queue-${at % QUEUES}`

export interface MatchingCost {
  readonly waiting: number
  /** Microseconds for one agent who is free. */
  readonly us: Spread
}

/** `events`: how many agents are free, one after the other. */
export function measureMatching(waiting: number, events: number): MatchingCost {
  const floor = new FloorIndex()
  floor.setQueues(Array.from({ length: QUEUES }, (_, at) => ({ name: queueName(at), strategy: 'longest-idle-agent' })))
  let now = START
  let seq = 0
  const caller = (queue: string): Member => {
    const call = `call-${++seq}`
    return joined(queue, { call, from: '100', node: 'a', joinedAt: now, headStartMs: 0 }, seq, now)
  }
  const put = (member: Member) => floor.setMember(member.queue, member.call, member)
  for (let at = 0; at < waiting; at++) put(caller(queueName(at)))

  const busy = (agent: Agent) => reserved(agent, { for: 'another', queue: 'elsewhere', ttlMs: 3_600_000 }, now)!
  const agents = [...Array.from({ length: AGENTS }).keys()].map(at => {
    const queues = Array.from({ length: QUEUES_EACH }, (_, n) => ({
      queue: queueName(at + n * 41),
      level: 1,
      position: 1,
    }))
    const settings = { name: `agent-${at}`, endpoint: `user/${at}`, wrapUpMs: 0, ringForMs: 20_000, queues }
    return busy(withStatus(newAgent(settings, now), 'ready', null, now))
  })
  for (const agent of agents) floor.setAgent(agent.name, agent, now)
  floor.takeChanges(now)

  const times = new Times()
  for (let event = 0; event < events; event++) {
    now += 10
    const at = event % AGENTS
    const free = released(agents[at]!, agents[at]!.reservation!.epoch, 'caller-left', now)!
    const began = performance.now()
    floor.setAgent(free.name, free, now)
    const [assignment] = matchChanges(floor, floor.takeChanges(now), now).assignments
    if (!assignment) throw new Error('nobody got the agent, although callers wait')
    const { member } = assignment
    const taken = reserved(free, { for: member.call, queue: member.queue, ttlMs: 10_000 }, now)!
    agents[at] = taken
    floor.setAgent(taken.name, taken, now)
    put(offered(member, [{ agent: taken.name, epoch: taken.reservation!.epoch }], now))
    matchChanges(floor, floor.takeChanges(now), now)
    times.add((performance.now() - began) * 1_000)
    // the caller has gone, and another one has come: as many wait as before
    floor.setMember(member.queue, member.call, null)
    put(caller(member.queue))
    matchChanges(floor, floor.takeChanges(now), now)
  }
  return { waiting, us: times.spread() }
}
