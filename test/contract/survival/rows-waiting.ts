/** Rows about people who wait, in menus and queues, when their node is killed. */
import { percentile, spread } from '../../fault/matrix.ts'
import { patience } from './busy.ts'
import type { Caller } from './people.ts'
import { eventually, type Rig } from './rig.ts'
import { PEOPLE, row } from './rows.ts'

const WELCOME = /ivr\/welcome/
const MUSIC = /moh\/calm/
/** A caller who presses no key enters the operator's queue after three times the menu. */
const ANYTHING = /ivr\/|moh\/|queue\//

row(3, 'a node is killed while callers hear a menu: the other one goes on with all of them', async (rig, told) => {
  const limit = await patience(told)
  const [a] = await rig.both()
  const callers = await inMenus(rig, PEOPLE)
  const died = rig.kill(a)
  const gaps = gapsOf(await rig.people.hear(callers, WELCOME, died, 10_000), died)
  told.is(`${gaps.length}/${PEOPLE} hear the menu again, ${spread(gaps)}`, percentile(gaps, 95) <= limit)
  told.is(`${lost(rig, callers)} lost`, lost(rig, callers) === 0)
  await rig.people.press(callers, '1')
  const queued = await rig.people.hear(callers, MUSIC, died, 10_000)
  told.is(`${queued.size}/${PEOPLE} choose and go on`, queued.size === PEOPLE)
})

row(
  4,
  'a node is killed while callers wait with music: all keep place and time, and the music comes back',
  async (rig, told) => {
    const limit = await patience(told)
    const [a] = await rig.both()
    const callers = await inQueue(rig, PEOPLE)
    const before = await order(rig)
    told.is(`${before.length}/${PEOPLE} wait`, before.length === PEOPLE)
    const died = rig.kill(a)
    const gaps = gapsOf(await rig.people.hear(callers, MUSIC, died, 10_000), died)
    told.is(`${gaps.length}/${PEOPLE} hear music again, ${spread(gaps)}`, percentile(gaps, 95) <= limit)
    told.is(`${lost(rig, callers)} lost`, lost(rig, callers) === 0)
    told.is('order and times are the same', JSON.stringify(await order(rig)) === JSON.stringify(before))
    // and they are served in that order, each by exactly one agent
    using _ = rig.people.accept()
    await rig.stores.agents(PEOPLE)
    await eventually(`${PEOPLE} talks`, 30_000, () => rig.people.talks(died).size === PEOPLE)
    const rang = rig.ear.heard.filter(heard => heard.name === 'CHANNEL_CREATE' && heard.outbound)
    told.is(`${rang.length} telephones have rung for ${PEOPLE} callers`, rang.length === PEOPLE)
  },
)

row(
  3,
  'a node is killed with 100 calls under way: none is lost, and all hear something within a second (p95; five beside others who use the machine)',
  async (rig, told) => {
    const limit = await patience(told)
    const [a] = await rig.both()
    const queued = await inQueue(rig, 50)
    const callers = [...queued, ...(await inMenus(rig, 50))]
    const before = await order(rig)
    const died = rig.kill(a)
    const heard = new Map([
      ...(await rig.people.hear(queued, MUSIC, died, 15_000)),
      ...(await rig.people.hear(callers.slice(50), WELCOME, died, 15_000)),
    ])
    const gaps = gapsOf(heard, died)
    told.is(`${gaps.length}/100 hear something again, ${spread(gaps)}`, percentile(gaps, 95) <= limit)
    told.is(
      `${rig.people.apologised(callers).length} in the fallback, ${lost(rig, callers)} lost`,
      lost(rig, callers) === 0,
    )
    told.is('order and times are the same', JSON.stringify(await order(rig)) === JSON.stringify(before))
  },
)

row(
  3,
  'one of three nodes is killed with 300 calls under way: none is lost',
  async (rig, told) => {
    const many = 300
    const [a] = await Promise.all([rig.node('a'), rig.node('b'), rig.node('c')])
    const callers = await rig.people.callQuietly(many, 80_000)
    await rig.people.hear(callers, ANYTHING, 0, 15_000)
    const died = rig.kill(a)
    const gaps = gapsOf(await rig.people.hear(callers, ANYTHING, died, 45_000), died)
    told.is(`${gaps.length}/${many} hear something again, ${spread(gaps)}`, gaps.length === many)
    told.is(
      `${rig.people.apologised(callers).length} in the fallback, ${lost(rig, callers)} lost`,
      lost(rig, callers) === 0,
    )
  },
  'three nodes',
)

/** This many callers, all of whom hear the menu. */
export async function inMenus(rig: Rig, count: number): Promise<Caller[]> {
  const callers = await rig.people.call(count)
  await rig.people.hear(callers, WELCOME, 0, 15_000)
  return callers
}

/** This many callers, all of whom wait in the sales queue. */
export async function inQueue(rig: Rig, count: number): Promise<Caller[]> {
  const callers = await inMenus(rig, count)
  await rig.people.press(callers, '1')
  await rig.people.hear(callers, MUSIC, 0, 15_000)
  return callers
}

/** Those who were hung up on, or heard the apology. */
export function lost(rig: Rig, callers: readonly Caller[]): number {
  return new Set([...rig.people.gone(callers), ...rig.people.apologised(callers)]).size
}

/** The callers who wait for sales, in the order of the queue, with the start of their wait. */
export async function order(rig: Rig): Promise<{ call: string; joinedAt: number }[]> {
  return (await rig.stores.queues.waiting('sales')).map(({ call, joinedAt }) => ({ call, joinedAt }))
}

export const gapsOf = (moments: ReadonlyMap<string, number>, since: number): number[] =>
  [...moments.values()].map(at => at - since)
