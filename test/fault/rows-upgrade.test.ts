/**
 * Row 68: both nodes are replaced, one after the other, while people call, choose, wait, talk and hang up; and nodes of
 * two versions serve the same queues.
 */
import type { Person } from '../../src/testing/index.ts'
import { many, row } from './matrix.ts'
import { Crowd, seat } from './people.ts'
import { closedRecords } from './records.ts'
import { pause, Rig, until } from './rig.ts'

/** Chooses sales in the menu, talks for a while, and hangs up: what a caller does. */
function behave(crowd: Crowd, person: Person, talkMs: number): void {
  let served = false
  person.on('heard', sound => void (sound === 'ivr/welcome' && setTimeout(() => person.press('1'), 300)))
  person.on('talking', other => {
    if (other === undefined || served) return
    served = true
    setTimeout(() => crowd.leave([person]), talkMs)
  })
}

row(
  68,
  'both nodes are replaced one by one under load: nobody is lost',
  { injected: 'SIGTERM and a new process, both nodes in turn' },
  async (t, told) => {
    const rig = await Rig.open(t, told)
    told.trials = many(1_000, 60)
    await seat(rig, { queue: 'sales', number: many(100, 40), wrapUpMs: 0 })
    await rig.start()
    const crowd = new Crowd(rig)
    const spacing = 50
    const coming = (async () => {
      for (let number = 0; number < told.trials; number++) {
        const [person] = await crowd.call(1, { flow: 'welcome', everyMs: 0 })
        behave(crowd, person!, 1_000 + (number % 5) * 300)
        await pause(spacing)
      }
    })()
    await pause(many(10_000, 500))
    for (const name of ['a', 'b']) {
      const node = rig.node(name)
      node.term()
      await node.exited
      await rig.start([name])
      await pause(many(10_000, 300))
    }
    await coming
    await until('everybody is gone', () => crowd.people.every(person => person.state === 'gone'), 60_000).catch(
      () => {},
    ) // reported below
    told.is(`${crowd.lost.length} of ${told.trials} lost`, crowd.lost.length === 0)
    const still = crowd.people.filter(person => person.state !== 'gone').length
    told.is(`${still} without an answer`, still === 0)
    const rows = await closedRecords(rig, crowd.uuids)
    told.is(`${rows.size} records closed`, rows.size === told.trials)
    const agents = await rig.roster.list(Date.now())
    told.is(
      `${agents.filter(agent => agent.state !== 'idle').length} agents not free`,
      agents.every(agent => agent.state === 'idle'),
    )
    crowd.leave()
  },
)

/** What a node of the next version would write: a newer version number, and words that this version does not know. */
async function nextVersionWrites({ redis }: Rig): Promise<void> {
  const agent = { v: 2, name: 'newer-agent', rev: 1, status: 'focus-mode', skills: { german: 5 } }
  const queue = { v: 2, name: 'newer-queue', strategy: 'best-skill', weight: 3 }
  const caller = { v: 2, queue: 'sales', call: '11111111-2222-4333-8444-555555555555', state: 'reserved-twice', rev: 1 }
  await redis.hset('sh:agents', agent.name, JSON.stringify(agent))
  await redis.hset('sh:queues', queue.name, JSON.stringify(queue))
  await redis.hset('sh:queue:sales:members', caller.call, JSON.stringify(caller))
  const channel = (name: string) => `${name}@${redis.options.db ?? 0}`
  const notices: [channel: string, notice: object][] = [
    ['sh:agents:changed', { what: 'agent', name: agent.name, rev: 1, agent }],
    ['sh:agents:changed', { what: 'team', name: 'north', agents: [agent.name] }],
    ['sh:queues:changed', { what: 'queue', queue }],
    ['sh:queues:changed', { what: 'member', queue: 'sales', call: caller.call, rev: 1, member: caller }],
    ['sh:queues:changed', { what: 'overflowed', queue: 'sales' }],
    ['sh:dialling', { what: 'paced', ratio: 1.4 }],
  ]
  for (const [name, notice] of notices) await redis.publish(channel(name), JSON.stringify(notice))
}

row(
  68,
  'a node of the next version writes agents, queues, callers and journals beside both nodes: they serve everybody else',
  { injected: 'records and notices of version 2, a journal of version 4, then the death of a node', quick: true },
  async (t, told) => {
    const rig = await Rig.open(t, told)
    told.trials = many(200, 30)
    await seat(rig, { queue: 'sales', number: many(30, 10), wrapUpMs: 0 })
    await nextVersionWrites(rig)
    const [a] = await rig.start(['a'])
    await rig.start(['b'])
    await nextVersionWrites(rig)
    const crowd = new Crowd(rig)
    for (let number = 0; number < told.trials; number++) {
      const [person] = await crowd.call(1, { flow: 'welcome', everyMs: 20 })
      behave(crowd, person!, 500)
    }
    const newer = new Crowd(rig)
    const [caller] = await newer.call(1, { flow: 'patient' })
    await newer.hear('fault/menu')
    const heard = caller!.heard.length
    const first = JSON.parse((await rig.redis.lindex(`sh:journal:${caller!.uuid}`, 0))!) as object
    await rig.redis.lset(`sh:journal:${caller!.uuid}`, 0, JSON.stringify({ ...first, v: 4 }))
    await until('everybody is gone', () => crowd.people.every(person => person.state === 'gone'), 60_000).catch(
      () => {},
    ) // told below
    a!.kill()
    await until('the other node has the caller', () => caller!.heard.length > heard, 10_000).catch(() => {}) // told below
    told.is(`${crowd.lost.length} of ${told.trials} lost`, crowd.lost.length === 0)
    told.is(
      `the caller with the newer journal ${caller!.heard.length > heard ? 'hears the menu again' : 'is in silence'}`,
      newer.lost.length === 0 && caller!.heard.length > heard,
    )
    const b = rig.node('b')
    told.is(`the other node ${b.exit === null ? 'lives' : 'is dead'}`, b.exit === null)
    const skipped = b.log.filter(line => line.includes('a stored record cannot be read by this version'))
    told.is(`${skipped.length} records were reported, each once`, skipped.length === 3)
    const kept = await rig.redis.hget('sh:agents', 'newer-agent')
    told.is('the newer record of the agent is as it was', kept?.includes('focus-mode') ?? false)
    const taken = async () => (await rig.roster.list(Date.now())).filter(agent => agent.state !== 'idle').length
    // those of the dead node come free when it is found dead
    await until('all agents are free', async () => (await taken()) === 0, 30_000).catch(() => {}) // told below
    told.is(`${await taken()} agents not free`, (await taken()) === 0)
    newer.leave()
  },
)
