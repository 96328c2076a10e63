/**
 * Every lead who answers has an agent: two campaigns and callers share the agents of one queue, on two nodes with real
 * stores.
 */
import assert from 'node:assert/strict'
import { setTimeout as pause } from 'node:timers/promises'
import { test } from 'node:test'
import { systemClock } from '../../src/base/clock.ts'
import { silentLog } from '../../src/base/log.ts'
import { redisQueueStore } from '../../src/queue/redis-store.ts'
import { openQueues } from '../../src/queue/queue.ts'
import type { Queues } from '../../src/queue/queues.ts'
import type { DialerContext } from '../../src/campaign/dialer.ts'
import { waitingCall } from '../waiting-call.ts'
import { seeded } from '../fault/links-chance.ts'
import { openCampaignRig, until } from './campaign-rig.ts'

const AGENTS = 12
const LEADS = 120

test('of 120 leads everybody who answers meets an agent, whoever else takes agents of the queue, and nobody is called for whom none is left', async t => {
  const random = seeded(300)
  const soon = (ms: number) => pause(random() * ms)
  const { carrier, node, dial, agents, campaign, closing } = await openCampaignRig(t, undefined, 'redis')
  const nodes = [await node('a'), await node('b')]
  const queues: Queues[] = nodes.map(rig =>
    openQueues({
      store: redisQueueStore(rig.home),
      roster: rig.roster,
      mirror: rig.mirror,
      clock: systemClock,
      log: silentLog,
      node: rig.node,
    }),
  )
  closing.defer(() => Promise.all(queues.map(one => one[Symbol.asyncDispose]())))
  await redisQueueStore(nodes[0]!.home).put({ name: 'sales', strategy: 'longest-idle-agent' })
  await agents(AGENTS)

  /** Leads who may still answer, or have answered and have no agent yet; and agents who are with a person. */
  const [unserved, busy] = [new Set<string>(), new Set<string>()]
  const worst: string[] = []
  const abandoned: string[] = []
  let talked = 0
  const look = (what: string) =>
    void (
      unserved.size > AGENTS - busy.size && worst.push(`${what}: ${unserved.size} leads, ${AGENTS - busy.size} agents`)
    )

  /** Talks with an agent of the queue for a moment. False when there was no agent. */
  const talk = async (
    uuid: string,
    queue: Queues,
    lead: boolean,
    given: (agent: string) => Promise<unknown> = async () => {},
  ) => {
    await using place = await queue.enter(waitingCall(uuid), 'sales', lead ? { headStart: '1d' } : {})
    const agent = await place.agent({ within: lead ? '1m' : '50ms' })
    if (!agent) return false
    busy.add(agent.name)
    unserved.delete(uuid)
    assert.ok(await agent.talking(), 'the agent was still theirs')
    await given(agent.name)
    await soon(20)
    busy.delete(agent.name)
    await agent.finished('talked')
    return true
  }
  const flow = async (uuid: string, { leads }: DialerContext, queue: Queues) => {
    await leads.answered(uuid)
    await soon(10)
    if (random() < 0.2) {
      unserved.delete(uuid)
      return leads.settle(uuid, 'machine')
    }
    const served = await talk(uuid, queue, true, agent => leads.connected(uuid, agent))
    if (served) talked++
    else abandoned.push(uuid)
    unserved.delete(uuid)
    return leads.settle(uuid, served ? 'talked' : 'abandoned')
  }
  const flows: Promise<unknown>[] = []
  carrier.behaviour = () => 'rings'
  carrier.on('dialled', ({ uuid }) => {
    unserved.add(uuid)
    look('a lead is dialled')
    const rings = async () => {
      await soon(20)
      if (random() < 0.6) {
        carrier.answer(uuid)
        const at = random() < 0.5 ? 0 : 1
        await flow(uuid, nodes[at]!, queues[at]!)
      }
      unserved.delete(uuid)
      carrier.hangUp(uuid, 'USER_BUSY')
    }
    flows.push(rings())
  })

  const campaigns = [
    await campaign({ name: 'spring', maxAttempts: 1 }, LEADS / 2),
    await campaign({ name: 'autumn', maxAttempts: 1 }, LEADS / 2),
  ]
  const dialers = [await dial('a', campaigns[0]!, nodes[0]), await dial('b', campaigns[1]!, nodes[1])]
  let callers = 0
  for (let over = false; !over; over = carrier.dialled.length === LEADS) {
    await soon(30)
    flows.push(talk(`caller-${callers}`, queues[callers++ % 2]!, false))
  }
  await until(() => carrier.legs.size === 0)
  await Promise.all(flows)
  await Promise.all(dialers.map(dialer => dialer.stop()))
  assert.deepEqual(worst, [])
  assert.deepEqual(abandoned, [])
  assert.ok(talked > LEADS / 3, `${talked} talked`)
  assert.equal(new Set(carrier.dialled.map(one => one.phone)).size, LEADS)
  const left = (await nodes[0]!.roster.list(systemClock.now())).filter(agent => agent.reservation !== null)
  assert.deepEqual(left, [], 'everybody is free again')
})
