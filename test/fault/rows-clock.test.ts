/**
 * Row 69: the clocks of machines are wrong, and are set while people wait, rest after a talk, and are due for another
 * call.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import type { Agent } from '../../src/agent/agent.ts'
import { CampaignInRig } from './links-campaign.ts'
import { percentile, row, spread, type Told } from './matrix.ts'
import { Crowd, seat } from './people.ts'
import { pause, Rig, until } from './rig.ts'

const HOUR_MS = 3_600_000
/** Ahead from the beginning: by more than the time of an agent's reservation. */
const SKEW_MS = 15_000
const WRAP_UP_MS = 5_000
const RETRY_MS = 3_000
/** For half of them: the test machine may be late for some. A clock that was trusted is wrong by seconds for all. */
const ERROR_MS = 50
const PRELOAD = new URL('./wall-clock.mjs', import.meta.url).href

/** Wall clocks of nodes that can be set. */
async function clocks(t: TestContext) {
  const folder = await mkdtemp(join(tmpdir(), 'switchhook-clock-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  const file = (node: string) => join(folder, node)
  const set = (node: string, aheadMs: number) => writeFile(file(node), String(aheadMs))
  const settings = (node: string) => ({ NODE_OPTIONS: `--import ${PRELOAD}`, WALL_CLOCK: file(node) })
  return { set, settings }
}

/**
 * The difference between each agent's real rest and the stored one: their next reservation minus the end of their rest.
 */
async function restErrors(rig: Rig, agents: number): Promise<number[]> {
  const [ends, next] = [new Map<string, number>(), new Map<string, number>()]
  const look = ({ name, wrapUpUntil, reservation }: Agent) => {
    if (typeof wrapUpUntil === 'number') ends.set(name, wrapUpUntil)
    else if (ends.has(name) && reservation && !next.has(name)) next.set(name, reservation.epoch) // never less than the time at which it was given
  }
  await until(
    'every agent has rested and has the next caller',
    async () => {
      for (const agent of await rig.roster.list(0)) look(agent)
      return next.size === agents
    },
    WRAP_UP_MS + 20_000,
  ).catch(() => {}) // the row reports it
  return [...next].map(([name, at]) => at - ends.get(name)!)
}

async function isSet(t: TestContext, told: Told, step: number): Promise<void> {
  const rig = await Rig.open(t, told, { queues: ['office'] })
  const { set, settings } = await clocks(t)
  const [agents, leads] = [8, 4]
  told.trials = agents + leads
  await seat(rig, { queue: 'sales-desk', number: agents, wrapUpMs: WRAP_UP_MS })
  const campaign = await CampaignInRig.open(rig, {
    agents: 2,
    leads,
    cps: 100,
    tries: { most: 100, after: `${RETRY_MS}ms` },
  })
  await Promise.all([set('a', 0), set('b', SKEW_MS)])
  await rig.start(['a'], { ...CampaignInRig.settings, ...settings('a') })
  const [b] = await rig.start(['b'], { ...CampaignInRig.settings, ...settings('b') })
  const warned = await b!
    .says(/"aheadMs":1[45]\d{3},.*the clock of this machine differs from that of Redis/, 5_000)
    .then(
      () => true,
      () => false,
    )
  told.is(`${SKEW_MS / 1_000} s of skew ${warned ? 'warned of' : 'not told'}`, warned)

  const [waiters, first, second] = [new Crowd(rig), new Crowd(rig), new Crowd(rig)]
  await waiters.call(5, { flow: 'queue-entry', variables: { queue: 'office' } })
  await waiters.hear('moh/calm')
  const places = (await rig.queueStore.waiting('office')).map(({ call, joinedAt }) => `${call} ${joinedAt}`).join()
  const rang = rig.oracle.originated.length
  await first.call(agents, { flow: 'queue-entry', variables: { queue: 'sales-desk' } })
  await first.talk()
  const offers = rig.oracle.originated.slice(rang).filter(({ to }) => to.includes('sales-desk')).length
  told.is(`${agents} callers talk after ${offers} offers`, offers === agents)

  first.leave()
  await second.call(agents, { flow: 'queue-entry', variables: { queue: 'sales-desk' } })
  const stepped = performance.now()
  await Promise.all([set('a', step), set('b', SKEW_MS + step)])
  const errors = await restErrors(rig, agents)
  told.is(
    `${errors.length}/${agents} rests of ${WRAP_UP_MS / 1_000} s, wrong by ${spread(errors)}`,
    errors.length === agents && percentile(errors, 50) < ERROR_MS && Math.min(...errors) >= 0,
  )
  await second.talk()
  // each lead's last dial before the clocks were set, and the one after it
  const gaps = () =>
    [...new Set(campaign.dials.map(({ phone }) => phone))].flatMap(phone => {
      const own = campaign.dials.filter(dial => dial.phone === phone)
      const [before, after] = [own.findLast(({ at }) => at < stepped), own.find(({ at }) => at > stepped)]
      return before && after ? [after.at - before.at - RETRY_MS] : []
    })
  await until('every lead is called again', () => gaps().length === leads, 10_000).catch(() => {}) // reported below
  await campaign.stop()
  told.is(
    `${gaps().length}/${leads} leads called again after ${RETRY_MS / 1_000} s, later by ${spread(gaps())}`,
    gaps().length === leads && Math.min(...gaps()) >= 0 && Math.max(...gaps()) < RETRY_MS,
  )

  const kept =
    (await rig.queueStore.waiting('office')).map(({ call, joinedAt }) => `${call} ${joinedAt}`).join() === places
  const asked = waiters.people.filter(person => person.heard.some(({ what }) => what === 'queue/callback-offer')).length
  told.is(`places ${kept ? 'kept' : 'changed'}, ${asked} offered a callback before their time`, kept && asked === 0)
  await pause(1_000)
  const lapses = ['a', 'b'].flatMap(name =>
    rig
      .node(name)
      .log.filter(line => /no longer counts as alive|campaign lease lost|the shared time jumped/.test(line)),
  )
  told.is(`${lapses.length} leases lost`, lapses.length === 0)
  told.is(
    `${first.lost.length + second.lost.length + waiters.lost.length} lost`,
    first.lost.length + second.lost.length + waiters.lost.length === 0,
  )
  for (const crowd of [waiters, second]) crowd.leave()
}

for (const [way, step] of [
  ['forward', HOUR_MS],
  ['back', -HOUR_MS],
] as const) {
  row(
    69,
    `two nodes whose clocks are 15 s apart, and both are set ${way} by an hour: nobody waits, rests or is called again at another time`,
    { injected: `wall clock ${SKEW_MS / 1_000} s ahead, then ${step / HOUR_MS} h` },
    (t, told) => isSet(t, told, step),
  )
}
