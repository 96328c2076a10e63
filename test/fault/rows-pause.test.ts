/**
 * Rows 8 and 67: a node that is suspended and continues, and a node that cannot reach Redis any more. Another node has
 * its calls by then.
 */
import { many, percentile, row, spread } from './matrix.ts'
import { Crowd, seat } from './people.ts'
import { openProxy } from './proxy.ts'
import { pause, Rig, until } from './rig.ts'

/** The lease of a node, and the time for a reconciliation and a transfer after it. */
const LEASE_MS = 6_000
const MOMENTS_MS = 1_500

interface Callers {
  readonly waiters: Crowd
  readonly menus: Crowd
  readonly chatty: Crowd
  readonly talkers: Crowd
  readonly driven: readonly string[]
}

/** People in every state of a call, all of them on the first node. */
async function settle(
  rig: Rig,
  numbers: { waiting: number; inMenus: number; chatty: number; talking: number },
): Promise<Callers> {
  const [waiters, menus, chatty, talkers] = [new Crowd(rig), new Crowd(rig), new Crowd(rig), new Crowd(rig)]
  await talkers.call(numbers.talking, { flow: 'queue-entry', variables: { queue: 'sales' }, everyMs: 15 })
  await talkers.talk()
  await waiters.call(numbers.waiting, { flow: 'queue-entry', variables: { queue: 'support' } })
  await menus.call(numbers.inMenus, { flow: 'patient' })
  await chatty.call(numbers.chatty, { flow: 'chatty' })
  await Promise.all([waiters.hear('moh/calm'), menus.hear('fault/menu'), chatty.hear('fault/short')])
  await Promise.all([waiters.at('a'), menus.at('a'), chatty.at('a')])
  return { waiters, menus, chatty, talkers, driven: [...waiters.uuids, ...menus.uuids, ...chatty.uuids] }
}

/** When each of these calls was connected to the node, in milliseconds after `from`. */
function takeovers(rig: Rig, node: string, uuids: readonly string[], from: number): number[] {
  const first = new Map<string, number>()
  for (const one of rig.oracle.brought)
    if (one.node === node && one.at > from && !first.has(one.uuid)) first.set(one.uuid, one.at - from)
  return uuids.map(uuid => first.get(uuid) ?? Infinity)
}

row(
  8,
  'a node stands still for 30 s with 100 calls and goes on: the other one has them, and the first says no more to anybody',
  { injected: 'SIGSTOP for 30 s, then SIGCONT' },
  async (t, told) => {
    const rig = await Rig.open(t, told, { queues: ['support'] })
    const numbers = { waiting: many(45, 10), inMenus: many(35, 8), chatty: many(20, 5), talking: many(20, 5) }
    told.trials = numbers.waiting + numbers.inMenus + numbers.chatty + numbers.talking
    await seat(rig, { queue: 'sales', number: numbers.talking })
    const [a] = await rig.start()
    const { driven, waiters, menus, chatty, talkers } = await settle(rig, numbers)
    const before = await rig.queueStore.waiting('support')

    const stopped = a!.stop()
    await until(
      'the other node has all calls',
      () => driven.every(uuid => rig.oracle.drivenBy(uuid) === 'b'),
      LEASE_MS + 10_000,
    ).catch(() => {}) // reported below
    const taken = takeovers(rig, 'b', driven, stopped)
    told.is(`with the other node: ${spread(taken)}`, percentile(taken, 100) <= LEASE_MS + MOMENTS_MS)
    const heard = () => rig.oracle.heardAgain(driven, stopped + 1_000)
    // reported below
    await until('everybody hears something', () => heard().every(Number.isFinite), 5_000).catch(() => {})
    const again = heard()
    told.is(
      `${again.filter(Number.isFinite).length}/${driven.length} hear something again`,
      again.every(Number.isFinite),
    )
    await pause(Math.max(0, 30_000 - (performance.now() - stopped)))

    const went = a!.cont()
    await pause(8_000)
    const late = rig.oracle
      .commandsOf('a', went)
      .filter(
        ({ uuid, text }) =>
          uuid !== undefined &&
          driven.includes(uuid) &&
          !/ uuid_(exists|getvar)|^(linger|event|filter|myevents)/.test(text),
      )
    told.is(
      `${late.length} commands of the stale owner executed${late
        .slice(0, 3)
        .map(({ text }) => ` (${text})`)
        .join('')}`,
      late.length === 0,
    )
    const torn = rig.oracle.brought.filter(({ at, uuid }) => at > went && driven.includes(uuid)).length
    told.is(`${torn} calls torn from the new owner`, torn === 0)
    const owners = driven.filter(uuid => rig.oracle.drivenBy(uuid) === 'b').length
    told.is(`${owners}/${driven.length} with one owner`, owners === driven.length)
    const after = await rig.queueStore.waiting('support')
    told.is(
      `queue ${after.length === before.length && after.every(({ call, joinedAt }, at) => before[at]?.call === call && before[at].joinedAt === joinedAt) ? 'kept' : 'changed'}`,
      after.map(({ call }) => call).join() === before.map(({ call }) => call).join(),
    )
    const lost = [waiters, menus, chatty, talkers].flatMap(crowd => crowd.lost).length
    told.is(
      `${lost} lost, ${rig.oracle.cut(stopped, Infinity).length} talks cut`,
      lost === 0 && rig.oracle.cut(stopped, Infinity).length === 0,
    )

    // the suspended node is a normal node again
    rig.entry('a', 'b')
    const fresh = new Crowd(rig)
    await fresh.call(5, { flow: 'patient' })
    await fresh.at('a').then(
      () => told.says('takes new calls again'),
      (error: Error) => told.is(error.message, false),
    )
    for (const crowd of [waiters, menus, chatty, talkers, fresh]) crowd.leave()
  },
)

row(
  67,
  'a node cannot reach Redis any more: its talks go on, it says no more to anybody, the other one takes its calls',
  { injected: 'nothing passes between one node and Redis' },
  async (t, told) => {
    const rig = await Rig.open(t, told, { queues: ['support'] })
    const numbers = { waiting: many(45, 10), inMenus: many(35, 8), chatty: many(20, 5), talking: many(20, 5) }
    told.trials = numbers.waiting + numbers.inMenus + numbers.chatty + numbers.talking
    await seat(rig, { queue: 'sales', number: numbers.talking })
    const url = new URL((await rig.settings())['REDIS_URL']!)
    const proxy = await openProxy(t, { port: Number(url.port) })
    url.port = String(proxy.port)
    await rig.start(['b'])
    await rig.start(['a'], { REDIS_URL: url.href })
    const { driven, waiters, menus, chatty, talkers } = await settle(rig, numbers)
    const before = await rig.queueStore.waiting('support')

    proxy.blackhole()
    const cut = performance.now()
    await until(
      'the other node has all calls',
      () => driven.every(uuid => rig.oracle.drivenBy(uuid) === 'b'),
      LEASE_MS + 10_000,
    ).catch(() => {}) // reported below
    await pause(1_000)
    const said = rig.oracle
      .commandsOf('a', cut)
      .filter(({ uuid, text }) => uuid !== undefined && !/ uuid_(exists|getvar)/.test(text))
    const silentAfter = (said.at(-1)?.at ?? cut) - cut
    told.is(`says nothing more after ${Math.round(silentAfter)} ms`, silentAfter <= LEASE_MS / 2)
    const taken = takeovers(rig, 'b', driven, cut)
    told.is(`with the other node: ${spread(taken)}`, percentile(taken, 100) <= LEASE_MS + MOMENTS_MS)
    const two = driven.filter((uuid, at) => said.some(one => one.uuid === uuid && one.at - cut > taken[at]!)).length
    told.is(`${two} calls with two owners`, two === 0)
    const after = await rig.queueStore.waiting('support')
    told.is(
      `queue ${after.map(({ call, joinedAt }) => `${call}${joinedAt}`).join() === before.map(({ call, joinedAt }) => `${call}${joinedAt}`).join() ? 'kept' : 'changed'}`,
      after.map(({ call, joinedAt }) => `${call}${joinedAt}`).join() ===
        before.map(({ call, joinedAt }) => `${call}${joinedAt}`).join(),
    )

    // only the other node decides anything new
    const decided = performance.now()
    await seat(rig, { queue: 'support', number: 3 })
    await until(
      'three who waited talk',
      () => waiters.people.filter(person => person.talksWith).length === 3,
      10_000,
    ).catch(() => {}) // reported below
    const byA = rig.oracle.commands.filter(
      one => one.node === 'a' && one.at > decided && one.text.includes('originate '),
    ).length
    told.is(
      `${waiters.people.filter(person => person.talksWith).length}/3 served, ${byA} by the node that is cut off`,
      byA === 0 && waiters.people.filter(person => person.talksWith).length === 3,
    )
    const lost = [waiters, menus, chatty, talkers].flatMap(crowd => crowd.lost).length
    told.is(
      `${lost} lost, ${rig.oracle.cut(cut, Infinity).length} talks cut`,
      lost === 0 && rig.oracle.cut(cut, Infinity).length === 0,
    )
    for (const crowd of [waiters, menus, chatty, talkers]) crowd.leave()
  },
)
