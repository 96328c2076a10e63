/** Rows about a node with too much work, or with too little CPU time for it. */
import { percentile, spread } from '../../fault/matrix.ts'
import { machineLoad, patience, starve } from './busy.ts'
import type { Caller } from './people.ts'
import { eventually, type Rig } from './rig.ts'
import { after } from './rows-door.ts'
import { row } from './rows.ts'

const WELCOME = /ivr\/welcome/
const SORRY = /sorry/
const MOST = 20
/** The watchdog of the dialplan, once. */
const STARVED_MS = 15_000
/** Offers of one call. Beside other programs a starved node has less than a tenth of a core. */
const OFFERS = { idle: 2, busy: 4 } as const

row(
  9,
  'three times as many callers as a node may have: those who are taken are served at once, all others hear the overflow at once, and who comes when there is room is taken',
  async (rig, told) => {
    const limit = await patience(told)
    await rig.node('a', { MAX_CALLS: String(MOST) })
    const callers = await rig.people.call(3 * MOST)
    const { taken, sentOn } = await served(rig, callers, 10_000)
    told.is(
      `${taken.length} taken, ${sentOn.length} sent on, ${callers.length - taken.length - sentOn.length} neither`,
      taken.length === MOST && sentOn.length === 2 * MOST,
    )
    const waits = after(rig, taken, rig.people.moments(taken, WELCOME, 0))
    const apologies = after(rig, sentOn, rig.people.moments(sentOn, SORRY, 0))
    told.is(
      `the menu after ${spread(waits)}, the overflow after ${spread(apologies)}`,
      percentile(waits, 95) <= limit && percentile(apologies, 95) <= limit,
    )
    told.is(`${offers(rig, callers)} offers to a node for each at most`, offers(rig, callers) === 1)
    await rig.people.hangUp(taken.slice(0, MOST / 2).map(({ far }) => far))
    const ended = async () => (await rig.stores.remains()).filter(call => call.ended).length
    await eventually('half of them are gone for the node', 5_000, async () => (await ended()) === MOST * 2.5)
    const late = await rig.people.call(5)
    const inTime = (await rig.people.hear(late, WELCOME, 0, 10_000)).size
    told.is(`${inTime} of 5 are taken when there is room`, inTime === late.length)
  },
)

row(
  73,
  'two programs that burn a core each come before a node: each caller is served or sent to the overflow in time, and nobody is dropped or offered again and again',
  async (rig, told) => {
    const load = await machineLoad(told)
    const node = await rig.node('a', { MAX_CALLS: String(MOST) })
    await using _ = await starve(node.pid)
    const callers = await rig.people.call(2 * MOST, undefined, 200)
    const { taken, sentOn } = await served(rig, callers, STARVED_MS)
    const dropped = rig.people.gone(callers).filter(({ uuid }) => !sentOn.some(one => one.uuid === uuid)).length
    told.is(
      `${taken.length} taken, ${sentOn.length} sent on, ${callers.length - taken.length - sentOn.length} neither, ${dropped} dropped`,
      taken.length + sentOn.length === callers.length && dropped === 0,
    )
    for (const [what, who, sound] of [
      ['the menu', taken, WELCOME],
      ['the overflow', sentOn, SORRY],
    ] as const) {
      if (who.length > 0) told.says(`${what} after ${spread(after(rig, who, rig.people.moments(who, sound, 0)))}`)
    }
    told.is(`${offers(rig, callers)} offers to a node for each at most`, offers(rig, callers) <= OFFERS[load])
    told.is(node.exit === null ? 'the node lives' : 'the node is gone', node.exit === null)
  },
)

/**
 * Which callers hear the menu first, and which hear the apology. Waits until everybody hears something, but no longer
 * than this.
 */
async function served(
  rig: Rig,
  callers: readonly Caller[],
  withinMs: number,
): Promise<{ taken: Caller[]; sentOn: Caller[] }> {
  const look = () => {
    const [menu, sorry] = [rig.people.moments(callers, WELCOME, 0), rig.people.moments(callers, SORRY, 0)]
    return {
      taken: callers.filter(({ uuid }) => menu.has(uuid)),
      sentOn: callers.filter(({ uuid }) => !menu.has(uuid) && sorry.has(uuid)),
    }
  }
  await eventually(
    'everybody hears something',
    withinMs,
    () => look().taken.length + look().sentOn.length === callers.length,
  ).catch(() => {}) // the row reports it
  return look()
}

/** The largest number of `socket` lines that one of them has passed. */
function offers(rig: Rig, callers: readonly Caller[]): number {
  return Math.max(
    ...callers.map(({ uuid }) => rig.ear.heard.filter(heard => heard.uuid === uuid && heard.app === 'socket').length),
  )
}
