/**
 * Rows that are not in the matrix: links that break, calls that lose several nodes, scripts that change, legs that
 * reach the wrong node.
 */
import { entryExtension, homeExtension } from '../../src/testing/switch/dialplan.ts'
import { PATIENCE_MS } from '../patience.ts'
import { many, percentile, row, spread } from './matrix.ts'
import { Crowd, seat } from './people.ts'
import { openProxy } from './proxy.ts'
import { closedRecords } from './records.ts'
import { pause, Rig, until } from './rig.ts'
import { inProgram } from '../program.ts'

const CHANGED = inProgram('test/fault/scripts-changed')

row(
  null,
  'every link between a node and the switch breaks while both live: all callers go on',
  { injected: 'RST of all conversations and links of one node' },
  async (t, told) => {
    const rig = await Rig.open(t, told, { queues: ['support'] })
    const door = await openProxy(t, { port: rig.ports.get('a')! })
    const link = await openProxy(t, { port: await rig.doorOf('a') })
    rig.oracle.name(`127.0.0.1:${door.port}`, 'a')
    rig.sim.installEntry([`127.0.0.1:${door.port}`, rig.host('b')])
    await rig.start(['a'], { FREESWITCH: `127.0.0.1:${link.port}`, NODE_ADDRESS: `127.0.0.1:${door.port}` })
    await rig.start(['b'])
    const [waiters, menus] = [new Crowd(rig), new Crowd(rig)]
    await waiters.call(many(50, 15), { flow: 'queue-entry', variables: { queue: 'support' } })
    await menus.call(many(50, 15), { flow: 'patient' })
    await Promise.all([waiters.hear('moh/calm'), menus.hear('fault/menu')])
    await Promise.all([waiters.at('a'), menus.at('a')])
    const all = [...waiters.uuids, ...menus.uuids]
    told.trials = all.length
    const before = (await rig.queueStore.waiting('support')).map(({ call, joinedAt }) => `${call}${joinedAt}`).join()

    const broke = performance.now()
    door.break()
    link.break()
    await until('everybody hears something', () => rig.oracle.heardAgain(all, broke).every(Number.isFinite), 10_000)
    await pause(4_000) // longer than a node waits for a lost leg
    const gaps = rig.oracle.heardAgain(all, broke)
    told.is(`heard again: ${spread(gaps)}`, percentile(gaps, 95) <= 1_000)
    const driven = all.filter(uuid => rig.oracle.drivenBy(uuid) !== '').length
    told.is(
      `${driven}/${all.length} driven, ${waiters.lost.length + menus.lost.length} lost`,
      driven === all.length && waiters.lost.length + menus.lost.length === 0,
    )
    const after = (await rig.queueStore.waiting('support')).map(({ call, joinedAt }) => `${call}${joinedAt}`).join()
    told.is(`places ${after === before ? 'kept' : 'changed'}`, after === before)
    for (const crowd of [waiters, menus]) crowd.leave()
  },
)

for (const kills of [2, 7]) {
  row(
    null,
    `${kills === 2 ? 'two' : 'seven'} nodes that drive a call die, one after the other: it goes on`,
    { injected: `${kills} × SIGKILL of whoever drives the call` },
    async (t, told) => {
      const rig = await Rig.open(t, told, { queues: ['support'] })
      await rig.start()
      const [waiters, menus] = [new Crowd(rig), new Crowd(rig)]
      await waiters.call(10, { flow: 'queue-entry', variables: { queue: 'support' } })
      await menus.call(10, { flow: 'menu' })
      await menus.hear('fault/code')
      for (const person of menus.people) person.press('123')
      await Promise.all([waiters.hear('moh/calm'), menus.hear('fault/menu')])
      await Promise.all([waiters.at('a'), menus.at('a')])
      const all = [...waiters.uuids, ...menus.uuids]
      told.trials = all.length
      const before = (await rig.queueStore.waiting('support')).map(({ call, joinedAt }) => `${call}${joinedAt}`).join()
      const gaps: number[] = []
      for (let number = 0; number < kills; number++) {
        const [dying, next] = number % 2 === 0 ? ['a', 'b'] : ['b', 'a']
        const killed = rig.node(dying!).kill()
        await Promise.all([waiters.at(next!), menus.at(next!)])
        await until(
          'everybody hears something',
          () => rig.oracle.heardAgain(all, killed).every(Number.isFinite),
          10_000,
        )
        gaps.push(...rig.oracle.heardAgain(all, killed))
        if (number < kills - 1) await rig.start([dying!])
      }
      told.is(`heard again: ${spread(gaps)}`, percentile(gaps, 95) <= 1_000)
      for (const person of menus.people) person.press('1')
      await until('everybody has chosen', () => menus.people.every(person => person.state === 'gone'), 10_000)
      const rows = await closedRecords(rig, menus.uuids)
      const right = [...rows.values()].filter(({ crm, outcome }) => crm['code'] === '123' && outcome === 'one').length
      told.is(`${right}/10 reach the end of their flow with what they pressed before`, right === 10)
      const after = (await rig.queueStore.waiting('support')).map(({ call, joinedAt }) => `${call}${joinedAt}`).join()
      told.is(
        `${waiters.lost.length} lost, places ${after === before ? 'kept' : 'changed'}`,
        waiters.lost.length === 0 && after === before,
      )
      waiters.leave()
    },
  )
}

row(
  null,
  'the script has changed when another node takes over: it begins anew on the live call, the place is kept',
  { injected: 'SIGKILL, the other node has a newer script' },
  async (t, told) => {
    const rig = await Rig.open(t, told, { queues: ['support'] })
    const [a] = await rig.start(['a'])
    await rig.start(['b'], { SCRIPTS: CHANGED })
    const crowd = new Crowd(rig)
    told.trials = many(30, 10)
    await crowd.call(told.trials, { flow: 'queue-entry', variables: { queue: 'support' } })
    await crowd.hear('moh/calm')
    await crowd.at('a')
    const before = (await rig.queueStore.waiting('support')).map(({ call, joinedAt }) => `${call}${joinedAt}`).join()
    a!.kill()
    await crowd.hear('fault/changed', 10_000)
    await pause(4_000)
    const after = (await rig.queueStore.waiting('support')).map(({ call, joinedAt }) => `${call}${joinedAt}`).join()
    told.is(
      `${told.trials - crowd.lost.length}/${told.trials} begin anew, places ${after === before ? 'kept' : 'changed'}`,
      crowd.lost.length === 0 && after === before,
    )
    told.is(
      'it is logged',
      rig.node('b').log.some(line => /script|changed/.test(line)),
    )
    crowd.leave()
  },
)

row(
  null,
  "an agent's leg lands on another node than its caller: it is brought to the right one",
  { injected: 'the dialplan brings every new leg to the other node first', quick: true },
  async (t, told) => {
    const rig = await Rig.open(t, told, { queues: ['sales'] })
    await rig.start()
    rig.entry('b', 'a')
    const first = new Set<string>()
    rig.sim.dialplan.extension(/^switchhook-home-(leg)$/, (match, variable) => {
      const leg = variable('uuid') ?? variable('origination_uuid') ?? ''
      const strays = !first.has(leg)
      first.add(leg)
      return strays
        ? entryExtension('leg', [rig.host('a'), rig.host('b')])
        : homeExtension(match[1]!, variable('switchhook_home'))
    })
    told.trials = many(30, 8)
    const places = await seat(rig, { queue: 'sales', number: told.trials })
    const crowd = new Crowd(rig)
    await crowd.call(told.trials, { flow: 'queue-entry', variables: { queue: 'sales' }, everyMs: 20 })
    await crowd.talk(many(15_000, PATIENCE_MS)).catch(() => {}) // reported below
    const talking = crowd.people.filter(person => person.talksWith).length
    told.is(
      `${talking}/${told.trials} talk, ${crowd.lost.length} lost`,
      talking === told.trials && crowd.lost.length === 0,
    )
    const strayed = rig.oracle.brought.filter(
      ({ uuid, node }) => node === 'a' && rig.oracle.originated.some(leg => leg.uuid === uuid),
    ).length
    told.is(`${strayed} legs were with the other node first`, strayed >= told.trials)
    told.is(
      `${[...places.values()].reduce((sum, place) => sum + place.rang, 0)} telephones rang`,
      [...places.values()].every(place => place.rang === 1),
    )
    crowd.leave()
  },
)
