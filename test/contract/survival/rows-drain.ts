/** The row about a node that is drained while it works. */
import { spread } from '../../fault/matrix.ts'
import { eventually, pause, SHOWS } from './rig.ts'
import { row } from './rows.ts'
import { talking } from './rows-talking.ts'
import { gapsOf, inMenus, inQueue, lost, order } from './rows-waiting.ts'

const EACH = 10

row(
  19,
  'a node is asked to go under load: nobody is lost, nobody who talks hears it, it dials no more and is gone within 10 s',
  async (rig, told) => {
    const a = await rig.node('a')
    const talks = await talking(rig, EACH)
    for (const name of (await rig.stores.roster.list(Date.now())).map(agent => agent.name))
      await rig.stores.roster.setStatus(name, 'break', Date.now())
    const queued = await inQueue(rig, EACH)
    await rig.node('b')
    const menus = await inMenus(rig, EACH)
    const everybody = [...talks.map(talk => talk.caller), ...queued, ...menus]
    const before = await order(rig)

    const asked = Date.now()
    a.term()
    const exit = await a.exited
    const took = Date.now() - asked
    told.is(`gone after ${took} ms (${exit.signal ?? exit.code})`, exit.code === 0 && took <= 10_000)
    const menu = gapsOf(await rig.people.hear(menus, /ivr\/welcome/, asked, 10_000), asked)
    const music = gapsOf(await rig.people.hear(queued, /moh\/calm/, asked, 10_000), asked)
    told.says(`menus go on after ${spread(menu)}, music after ${spread(music)}`)
    told.is('order and times are the same', JSON.stringify(await order(rig)) === JSON.stringify(before))
    await pause(1_000)
    const cut = rig.ear.heard.filter(({ name, at }) => at >= asked && name === 'CHANNEL_UNBRIDGE').length
    told.is(
      `${lost(rig, everybody)} of ${everybody.length} lost, ${cut} of ${EACH} talks cut`,
      lost(rig, everybody) === 0 && cut === 0,
    )

    // agents return from their break: the other node serves the callers who wait, and the first one has dialled nobody
    // since
    using _ = rig.people.accept()
    await rig.stores.agents(2 * EACH)
    await eventually('who waited talks', 20_000, () => rig.people.talks(asked).size >= EACH)
    const dialled = rig.ear.heard.filter(
      ({ name, outbound, from, at }) => name === 'CHANNEL_CREATE' && outbound && from === SHOWS.a && at > asked + 100,
    ).length
    told.is(`${dialled} originates of the one that went`, dialled === 0)
    await rig.people.hangUp(talks.map(talk => talk.agentFar))
    await eventually('who talked all the time is through', 10_000, async () => {
      const calls = await rig.stores.remains()
      return talks.every(talk => calls.find(call => call.id === talk.caller.uuid)?.outcome === 'talked')
    })
  },
)
