/** The promise in one test: a node is killed with a hundred people in menus and queues and fifty who talk. */
import { ms } from '../../src/base/duration.ts'
import { many, percentile, row, spread } from './matrix.ts'
import { Crowd, seat } from './people.ts'
import { pause, Rig, until } from './rig.ts'

row(
  null,
  'kill -9 with a hundred in menus and queues and fifty who talk: no call lost, no talk cut, nobody offered twice',
  { injected: 'SIGKILL of one of two nodes' },
  async (t, told) => {
    const rig = await Rig.open(t, told, { queues: ['support'] })
    const [inMenus, inQueue, underOffer, talking] = [many(40, 10), many(50, 20), many(10, 5), many(50, 15)]
    told.trials = inMenus + inQueue + underOffer + talking
    const agents = await seat(rig, { queue: 'sales', number: talking })
    const [a] = await rig.start()

    const talkers = new Crowd(rig)
    await talkers.call(talking, { flow: 'queue-entry', variables: { queue: 'sales' }, everyMs: 15 })
    await talkers.talk()
    const menus = new Crowd(rig)
    await menus.call(inMenus, { flow: 'patient' })
    const waiters = new Crowd(rig)
    await waiters.call(inQueue + underOffer, { flow: 'queue-entry', variables: { queue: 'support' } })
    await waiters.hear('moh/calm')
    await menus.hear('fault/menu')
    await Promise.all([menus.at('a'), waiters.at('a')])
    // some of the waiting callers are being offered to agents whose telephones ring while the node dies
    const slow = await seat(rig, { queue: 'support', number: underOffer, prefix: 'slow-', rings: '4s' })
    await until('their telephones ring', () => [...slow.values()].every(place => place.rang === 1), 10_000)
    const before = await rig.queueStore.waiting('support')
    const originated = rig.oracle.originated.length

    const killed = a!.kill()
    const waiting = [...menus.uuids, ...waiters.uuids]
    await until(
      'everybody who waited hears something',
      () => rig.oracle.heardAgain(waiting, killed).every(Number.isFinite),
      10_000,
    )
    const gaps = rig.oracle.heardAgain(waiting, killed)
    await menus.at('b')
    const after = await rig.queueStore.waiting('support')
    const as = (members: typeof before) => members.map(({ call, joinedAt, seq }) => `${call} ${joinedAt} ${seq}`).join()
    await until(
      'those who were being offered talk',
      () => waiters.people.filter(person => person.talksWith).length === underOffer,
      15_000,
    ).catch(() => {}) // counted below
    await pause(500)

    const lost = [...menus.lost, ...waiters.lost, ...talkers.lost].length
    told.is(`${lost} of ${told.trials} lost`, lost === 0)
    told.is(
      `${rig.oracle.cut(killed, Infinity).length} of ${talking} talks cut`,
      rig.oracle.cut(killed, Infinity).length === 0 && talkers.people.every(person => person.talksWith !== undefined),
    )
    told.is(`heard again: ${spread(gaps)}`, percentile(gaps, 95) <= 1_000)
    told.is(`order and waiting times ${as(after) === as(before) ? 'kept' : 'changed'}`, as(after) === as(before))
    const served = waiters.people.filter(person => person.talksWith).length
    told.is(`${served} of ${underOffer} offers under way came to a talk`, served === underOffer)
    const rings = [...slow.values(), ...agents.values()].reduce((sum, place) => sum + place.rang, 0)
    told.is(
      `${rings - underOffer - talking} offered twice`,
      rings === underOffer + talking && rig.oracle.originated.length === originated,
    )

    // when all have hung up no caller waits in the stores, and every agent is free
    for (const crowd of [menus, waiters, talkers]) crowd.leave()
    const left = async () =>
      (await rig.queueStore.members('support')).length + (await rig.queueStore.members('sales')).length
    const free = async () =>
      (await rig.roster.list(Date.now() + ms('60s'))).filter(agent => agent.state === 'idle').length
    // the caller's record is deleted first, and the agent is free a moment later
    await until(
      'nobody is in the stores any more',
      async () => (await left()) === 0 && (await free()) === underOffer + talking,
      10_000,
    ).catch(() => {}) // reported below
    told.is(
      `${await left()} left in queues, ${await free()}/${underOffer + talking} agents free`,
      (await left()) === 0 && (await free()) === underOffer + talking,
    )
  },
)
