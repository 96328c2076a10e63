/** Rows about FreeSWITCH itself: it is killed with calls up, and returns without them, or with them. */
import { spread } from '../../fault/matrix.ts'
import { eventually, pause } from './rig.ts'
import { row } from './rows.ts'
import { talking } from './rows-talking.ts'
import { gapsOf, inMenus, inQueue, order } from './rows-waiting.ts'

const EACH = 10
const BUSY = ['reserved', 'ringing', 'talking', 'busy-elsewhere'] as const

row(
  29,
  'FreeSWITCH is killed with calls up: every call has its final record, the agents are free, and the next caller is served',
  async (rig, told) => {
    await rig.both()
    const talks = await talking(rig, EACH)
    const queued = await inQueue(rig, EACH)
    const menus = await inMenus(rig, EACH)
    const everybody = [...talks.map(talk => talk.caller), ...queued, ...menus]
    await rig.killSwitch()
    await rig.startSwitchAgain()
    const freed = await eventually('the agents are free', 15_000, async () => {
      const states = await rig.stores.states()
      return BUSY.every(state => states[state] === undefined)
    }).catch(() => Infinity)
    told.is(
      `agents free ${Math.round(freed)} ms after the switch is back: ${JSON.stringify(await rig.stores.states())}`,
      freed <= 5_000,
    )
    await eventually('every record is closed', 25_000, async () =>
      (await rig.stores.remains()).every(call => call.ended),
    ).catch(() => {})
    const calls = await rig.stores.remains()
    const closed = calls.filter(call => call.ended)
    told.is(
      `${closed.length} of ${everybody.length} calls have their final record`,
      closed.length === everybody.length && calls.length === everybody.length,
    )
    const causes = new Map<string, number>()
    for (const { cause } of closed) causes.set(String(cause), (causes.get(String(cause)) ?? 0) + 1)
    told.is(`causes: ${JSON.stringify(Object.fromEntries(causes))}`, causes.get('SWITCH_CRASH') === everybody.length)
    told.is(`${(await order(rig)).length} ghosts in the queue`, (await order(rig)).length === 0)
    await rig.people.leave()
    await inMenus(rig, 1)
  },
)

row(
  30,
  'FreeSWITCH is killed and recovers its calls: all go on where they were, with the same uuid',
  async (rig, told) => {
    await rig.both()
    const talks = await talking(rig, EACH)
    const queued = await inQueue(rig, EACH)
    const menus = await inMenus(rig, EACH)
    const before = await order(rig)
    // FreeSWITCH stores a call within 0.2 s of its answer; calls that were answered later are lost with it
    await pause(1_000)
    const died = await rig.killSwitch()
    await rig.startSwitchAgain()
    const back = Date.now()
    told.says(`the switch was away for ${back - died} ms`)
    const menu = gapsOf(await rig.people.hear(menus, /ivr\/welcome/, died, 20_000), back)
    const music = gapsOf(await rig.people.hear(queued, /moh\/calm/, died, 20_000), back)
    told.is(
      `${menu.length}/${EACH} menus again after ${spread(menu)}`,
      menu.length === EACH && Math.max(...menu) <= 5_000,
    )
    told.is(
      `${music.length}/${EACH} hear music again after ${spread(music)}`,
      music.length === EACH && Math.max(...music) <= 5_000,
    )
    told.is('order and times are the same', JSON.stringify(await order(rig)) === JSON.stringify(before))
    await eventually('the talks go on', 10_000, () => rig.people.talks(died).size === EACH).catch(() => {})
    const again = rig.people.talks(died)
    const same = talks.filter(talk => again.get(talk.caller.uuid) === talk.agent).length
    told.is(`${same}/${EACH} talks go on`, same === EACH)
    await pause(1_000)
    const states = await rig.stores.states()
    told.is(`agents: ${JSON.stringify(states)}`, states.talking === EACH)

    await rig.people.press(menus, '1')
    const chosen = await rig.people.hear(menus, /moh\/calm/, died, 10_000)
    told.is(`${chosen.size}/${EACH} choose and go on`, chosen.size === EACH)
    await rig.people.hangUp(talks.map(talk => talk.agentFar))
    await eventually(
      'agents are in wrap-up',
      10_000,
      async () => (await rig.stores.states())['wrap-up'] === EACH,
    ).catch(() => {})
    const after = await rig.stores.states()
    told.is(`when the agents hang up: ${JSON.stringify(after)}`, after['wrap-up'] === EACH)
    await eventually('the talks are written down', 10_000, async () => {
      const calls = await rig.stores.remains()
      return talks.every(talk => calls.find(call => call.id === talk.caller.uuid)?.outcome === 'talked')
    })
  },
  'tracked',
)
