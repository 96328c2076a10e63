/**
 * Rows 21, 22 and 29 with nodes as processes: links that break again and again, links that become silent, and a
 * FreeSWITCH that dies.
 */
import type { TestContext } from 'node:test'
import { ms } from '../../src/base/duration.ts'
import type { Person } from '../../src/testing/index.ts'
import { CampaignInRig } from './links-campaign.ts'
import { seeded } from './links-chance.ts'
import { FULL, many, percentile, row, spread } from './matrix.ts'
import type { NodeProcess } from './node-process.ts'
import { Crowd, seat } from './people.ts'
import { openProxy, type Proxy } from './proxy.ts'
import { pause, Rig, until } from './rig.ts'

/** Starts these nodes, each with its own proxy before the inbound port of FreeSWITCH. */
async function behindProxies(
  t: TestContext,
  rig: Rig,
  names: readonly string[],
  settings: Readonly<Record<string, string>> = {},
): Promise<{ nodes: NodeProcess[]; proxies: Proxy[] }> {
  const proxies = await Promise.all(names.map(async name => openProxy(t, { port: await rig.doorOf(name) })))
  const nodes = await Promise.all(
    names.map((name, at) => rig.start([name], { ...settings, FREESWITCH: `127.0.0.1:${proxies[at]!.port}` })),
  )
  return { nodes: nodes.flat(), proxies }
}

/** What is left of calls that are over: in the stores, and on the floor. */
async function leftOf(rig: Rig): Promise<string[]> {
  const left: string[] = []
  const journals = await rig.redis.hlen('sh:calls')
  if (journals > 0) left.push(`${journals} journals`)
  for (const { name } of await rig.queueStore.queues()) {
    const members = await rig.queueStore.members(name)
    if (members.length > 0) left.push(`${members.length} in ${name}`)
  }
  for (const agent of await rig.roster.list(Date.now()))
    if (agent.state !== 'idle' || agent.reservation !== null) left.push(`${agent.name} is ${agent.state}`)
  return left
}

/** Callers who come one after the other, talk for two seconds, and leave. */
class Visitors extends Crowd {
  readonly #since = new Map<Person, number>()
  readonly served = new Set<Person>()

  /** People who have talked for long enough leave. */
  look(): void {
    for (const person of this.people) {
      if (this.served.has(person)) continue
      if (!person.talksWith) continue
      const since = this.#since.get(person) ?? performance.now()
      this.#since.set(person, since)
      if (performance.now() - since < 2_000) continue
      this.served.add(person)
      this.leave([person])
    }
  }
}

row(
  21,
  'an installation of two nodes whose links to the switch break all the time: everybody is served, nobody is called twice, nothing is left over',
  { injected: "RST of a node's links every 1 to 5 s" },
  async (t, told) => {
    const random = seeded(2_021)
    const seconds = many(300, 8)
    const rig = await Rig.open(t, told, { queues: ['support'] })
    const campaign = await CampaignInRig.open(rig, {
      agents: 8,
      leads: seconds * 3,
      cps: 2,
      leadDoes: at =>
        at % 3 === 0
          ? { answers: '300ms', speaks: 'human', talksFor: '3s' }
          : at % 3 === 1
            ? { answers: 'busy' }
            : { answers: 'declined' },
    })
    await seat(rig, { queue: 'support', number: 10, wrapUpMs: 0 })
    const { proxies } = await behindProxies(t, rig, ['a', 'b'], CampaignInRig.settings)
    const visitors = new Visitors(rig)
    const [back, breaks]: [number[], { at: number; node: string }[]] = [[], []]
    const began = performance.now()
    let next = began + 1_000
    while (performance.now() - began < seconds * 1_000) {
      await visitors.call(1, { flow: 'queue-entry', variables: { queue: 'support' }, everyMs: 500 })
      visitors.look()
      if (performance.now() < next) continue
      next = performance.now() + 1_000 + random() * 4_000
      const which = Math.floor(random() * 3) // a, b, or both at once
      for (const at of which === 2 ? [0, 1] : [which]) {
        breaks.push({ at: performance.now(), node: 'ab'[at]! })
        proxies[at]!.break()
      }
    }
    await campaign.stop()
    const served = () => {
      visitors.look()
      return visitors.served.size === visitors.people.length
    }
    await until('everybody has talked', served, 30_000).catch(() => {}) // reported below
    for (const { at, node } of breaks) {
      const logins = rig.oracle.commands
        .filter(one => one.node === node && one.at > at && one.text.startsWith('auth'))
        .slice(0, 2)
      back.push((logins.length === 2 ? logins[1]!.at : Infinity) - at)
    }
    told.trials = breaks.length
    told.is(`both links back after ${spread(back)}`, percentile(back, 95) < 1_000)
    told.is(
      `${visitors.served.size} of ${visitors.people.length} callers served, ${visitors.lost.length} lost`,
      visitors.served.size === visitors.people.length && visitors.lost.length === 0,
    )
    const open = await campaign.allEnded(60_000)
    const attempts = await campaign.attempts()
    told.is(
      `${open.length} of ${attempts.length} attempts without an end`,
      open.length === 0 && attempts.length >= seconds / 2,
    )
    const phones = attempts.filter(({ disposition }) => disposition !== null).map(({ phone }) => phone)
    told.is(
      `${campaign.doubles + phones.length - new Set(phones).size} called twice`,
      campaign.doubles === 0 && new Set(phones).size === phones.length,
    )
    visitors.leave()
    // reported below
    await until('nothing is left', async () => (await leftOf(rig)).length === 0, 20_000).catch(() => {})
    const left = await leftOf(rig)
    const nailed = (await rig.roster.list(Date.now())).filter(agent => agent.nailed)
    const channels = [...rig.sim.channels.values()].filter(
      channel => !channel.down && !nailed.some(agent => agent.nailed!.leg === channel.uuid),
    )
    told.is(
      `${left.length} left in the stores${left.length > 0 ? ` (${left[0]})` : ''}, ${channels.length} legs at the switch`,
      left.length === 0 && channels.length === 0,
    )
  },
)

row(
  22,
  'a supervisor reads at once that a node has no link to its switch, and that it has one again',
  { injected: 'a proxy that swallows everything' },
  async (t, told) => {
    const rig = await Rig.open(t, told, { nodes: ['a'], queues: ['support'] })
    const {
      nodes: [a],
      proxies: [proxy],
    } = await behindProxies(t, rig, ['a'])
    const [lost, back]: [number[], number[]] = [[], []]
    const floor = (which: (line: string) => boolean) =>
      until(
        'the floor says so',
        () => {
          const last = a!.log.findLast(line => line.includes(' calls on this node · '))
          return last !== undefined && which(last)
        },
        15_000,
      )
    await floor(() => true)
    for (let trial = 0; trial < many(10, 1); trial++) {
      proxy!.blackhole()
      let began = performance.now()
      lost.push((await floor(line => line.includes(`no link to 127.0.0.1:${proxy!.port} · `))) - began)
      await pause(trial * 300)
      proxy!.heal()
      began = performance.now()
      back.push((await floor(line => !line.includes('no link'))) - began)
    }
    told.trials = lost.length
    told.is(`named after ${spread(lost)}`, Math.max(...lost) <= 5_000)
    told.is(`gone ${spread(back)} after it is back`, Math.max(...back) <= 5_000)
  },
)

row(
  29,
  'the switch dies under two nodes and is started anew: every record is written, every agent is free, and the nodes go on',
  { injected: 'SIGKILL of the switch, nothing recovered' },
  async (t, told) => {
    const awayMs = FULL ? ms('10s') : ms('2s')
    const [talking, waiting, menus] = [many(200, 10), many(500, 30), many(300, 20)]
    const rig = await Rig.open(t, told, { queues: ['support'] })
    await seat(rig, { queue: 'sales', number: talking, wrapUpMs: 0 })
    const { proxies } = await behindProxies(t, rig, ['a', 'b'])
    const [talkers, waiters, choosers] = [new Crowd(rig), new Crowd(rig), new Crowd(rig)]
    await talkers.call(talking, { flow: 'queue-entry', variables: { queue: 'sales' }, everyMs: 15 })
    await waiters.call(waiting, { flow: 'queue-entry', variables: { queue: 'support' }, everyMs: 10 })
    rig.entry('b', 'a')
    await choosers.call(menus, { flow: 'patient', everyMs: 10 })
    await Promise.all([talkers.talk(60_000), waiters.hear('moh/calm', 60_000), choosers.hear('fault/menu', 60_000)])
    const uuids = [talkers, waiters, choosers].flatMap(crowd => crowd.uuids)
    told.trials = uuids.length
    await pause(1_000)

    const diedAt = Date.now()
    for (const proxy of proxies) proxy.reset()
    rig.sim.kill()
    rig.sim.tracking.end() // it has stored no call
    await pause(awayMs)
    rig.sim.restart()
    for (const proxy of proxies) proxy.heal()
    const began = performance.now()
    const free = async () =>
      (await rig.roster.list(Date.now())).every(agent => agent.state === 'idle' && agent.reservation === null)
    const freed = (await until('all agents are free', free, 60_000).catch(() => Infinity)) - began
    told.is(`${talking} agents free ${Math.round(freed)} ms after its return`, freed < 5_000)
    const records = async () =>
      rig.sql<
        { cause: string; endedAt: Date }[]
      >`select hangup_cause as cause, ended_at as "endedAt" from calls where id in ${rig.sql(uuids)} and ended_at is not null`
    await until('all records are written', async () => (await records()).length === uuids.length, 60_000).catch(
      () => {},
    ) // reported below
    told.says(`records after ${Math.round(performance.now() - began)} ms`)
    const written = await records()
    const causes = new Map(
      [...new Set(written.map(({ cause }) => cause))].map(cause => [
        cause,
        written.filter(one => one.cause === cause).length,
      ]),
    )
    told.is(
      `records: ${[...causes].map(([cause, n]) => `${n} ${cause}`).join(', ')}`,
      causes.get('SWITCH_CRASH') === uuids.length,
    )
    const late = Math.max(...written.map(({ endedAt }) => endedAt.getTime() - diedAt))
    told.is(`no call ended later than ${late} ms after its death`, late <= awayMs)
    // reported below
    await until('nothing is left', async () => (await leftOf(rig)).length === 0, 10_000).catch(() => {})
    const left = await leftOf(rig)
    told.is(`${left.length} ghosts${left.length > 0 ? ` (${left.slice(0, 3).join(', ')})` : ''}`, left.length === 0)
    const again = new Crowd(rig)
    await again.call(5, { flow: 'queue-entry', variables: { queue: 'sales' } })
    await again.talk(15_000).then(
      () => told.says('the next callers talk'),
      (error: Error) => told.is(error.message, false),
    )
    again.leave()
  },
)
