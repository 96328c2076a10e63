/** Rows 3, 4 and 5: a node dies while its callers hear a menu, wait, and talk. */
import { PATIENCE_MS } from '../patience.ts'
import { many, percentile, row, spread } from './matrix.ts'
import { Crowd, seat } from './people.ts'
import { closedRecords, talkTime } from './records.ts'
import { pause, Rig, until } from './rig.ts'

row(
  3,
  'a node is killed while callers hear a menu: everybody is back within a second, what they pressed is not forgotten',
  { injected: 'SIGKILL of one of two nodes', quick: true },
  async (t, told) => {
    const rig = await Rig.open(t, told)
    const [a] = await rig.start()
    told.trials = many(100, 20)
    const crowd = new Crowd(rig)
    await crowd.call(told.trials, { flow: 'menu' })
    await crowd.hear('fault/code')
    crowd.people.forEach((person, at) => person.press(String(100 + at)))
    await crowd.hear('fault/menu')
    await crowd.at('a')

    const killed = a!.kill()
    await crowd.at('b', many(8_000, PATIENCE_MS))
    await until(
      'everybody hears something',
      () => rig.oracle.heardAgain(crowd.uuids, killed).every(Number.isFinite),
      many(8_000, PATIENCE_MS),
    )
    const gaps = rig.oracle.heardAgain(crowd.uuids, killed)
    told.is(`${told.trials - crowd.lost.length}/${told.trials} back`, crowd.lost.length === 0)
    told.takes(spread(gaps), percentile(gaps, 95) < 1_000 && percentile(gaps, 100) < 8_000)
    const asked = rig.oracle.sounds.filter(({ at, what }) => at > killed && what.includes('fault/code')).length
    told.is(`${asked} asked for their digits again`, asked === 0)

    for (const person of crowd.people) person.press('1')
    await until('everybody has chosen', () => crowd.people.every(person => person.state === 'gone'), PATIENCE_MS)
    const rows = await closedRecords(rig, crowd.uuids)
    const right = crowd.uuids.filter(
      (uuid, at) => rows.get(uuid)?.crm['code'] === String(100 + at) && rows.get(uuid)?.outcome === 'one',
    )
    told.is(`${right.length}/${told.trials} with their digits in the record`, right.length === told.trials)
  },
)

row(
  4,
  'a node is killed while callers wait: order and waiting time are kept',
  { injected: 'SIGKILL of one of two nodes', quick: true },
  async (t, told) => {
    const rig = await Rig.open(t, told, { queues: ['sales'] })
    const [a] = await rig.start()
    told.trials = many(200, 20)
    const crowd = new Crowd(rig)
    await crowd.call(told.trials, { flow: 'queue-entry', variables: { queue: 'sales' } })
    await crowd.hear('moh/calm')
    await crowd.at('a')
    const before = await rig.queueStore.waiting('sales')

    const killed = a!.kill()
    await crowd.at('b', many(22_000, PATIENCE_MS))
    await until(
      'everybody hears something',
      () => rig.oracle.heardAgain(crowd.uuids, killed).every(Number.isFinite),
      many(8_000, PATIENCE_MS),
    )
    const gaps = rig.oracle.heardAgain(crowd.uuids, killed)
    await pause(300) // a place that was to be given up would be given up by now
    const after = await rig.queueStore.waiting('sales')
    const as = (members: typeof before) => members.map(({ call, joinedAt, seq }) => `${call} ${joinedAt} ${seq}`).join()
    told.is(`${crowd.lost.length} lost`, crowd.lost.length === 0 && after.length === told.trials)
    told.is(
      `order and times ${as(after) === as(before) ? 'kept' : 'changed'}`,
      as(after) === as(before) && before.length === told.trials,
    )
    told.takes(spread(gaps), percentile(gaps, 95) < 1_000 && percentile(gaps, 100) < 5_000)

    // and the callers who have waited longest are served first, each once
    const agents = await seat(rig, { queue: 'sales', number: 5 })
    const first = before.slice(0, 5).map(({ call }) => call)
    await until('five talk', () => crowd.people.filter(person => person.talksWith).length === 5, PATIENCE_MS)
    const served = crowd.people.filter(person => person.talksWith).map(({ uuid }) => uuid)
    told.is(
      `the first five served first: ${served.filter(uuid => first.includes(uuid)).length}/5`,
      served.every(uuid => first.includes(uuid)),
    )
    const rings = [...agents.values()].map(place => place.rang)
    told.is(
      `${rings.reduce((sum, one) => sum + one, 0)} rings for five talks`,
      rings.every(one => one === 1),
    )
    crowd.leave()
  },
)

row(
  5,
  'a node is killed while people talk: nobody hears it, and every talk is closed and counted',
  { injected: 'SIGKILL of one of two nodes' },
  async (t, told) => {
    const rig = await Rig.open(t, told)
    told.trials = many(200, 20)
    await seat(rig, { queue: 'sales', number: told.trials })
    const [a] = await rig.start()
    const crowd = new Crowd(rig)
    await crowd.call(told.trials, { flow: 'queue-entry', variables: { queue: 'sales' }, everyMs: 20 })
    await crowd.talk()
    await pause(500) // calls that die in the very moment have a separate row

    const killed = a!.kill()
    await pause(2_000)
    told.is(
      `${rig.oracle.cut(killed, Infinity).length} talks cut`,
      rig.oracle.cut(killed, Infinity).length === 0 && crowd.people.every(person => person.talksWith !== undefined),
    )

    // the caller ends half of the talks, the agent the other half
    const half = told.trials / 2
    const agents = crowd.people.map(person => person.talksWith!)
    crowd.leave(crowd.people.slice(0, half))
    for (const agent of agents.slice(half)) agent.hangUp()
    const inWrapUp = async () => (await rig.roster.list(Date.now())).filter(agent => agent.state === 'wrap-up').length
    // counted below
    await until('all agents are in wrap-up', async () => (await inWrapUp()) === told.trials, 10_000).catch(() => {})
    told.is(`${await inWrapUp()}/${told.trials} in wrap-up on the other node`, (await inWrapUp()) === told.trials)

    const rows = await closedRecords(rig, crowd.uuids)
    const errors = crowd.uuids.map(uuid => {
      const talk = rig.oracle.talks.find(one => one.a === uuid)
      const record = rows.get(uuid)
      const said = record ? talkTime(record) : null
      return talk?.until === undefined || said === null ? Infinity : Math.abs(said - (talk.until - talk.from))
    })
    const [byCaller, byAgent] = [errors.slice(0, half), errors.slice(half)].map(some =>
      Math.round(percentile(some, 100)),
    )
    told.is(`${rows.size}/${told.trials} records closed`, rows.size === told.trials)
    told.is(
      `talk time error max ${byCaller} ms where the caller ended it, ${byAgent} ms where the agent did`,
      percentile(errors, 100) <= 1_000,
    )
  },
)
