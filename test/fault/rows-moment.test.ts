/** Rows that are not in the matrix: deaths in the worst moments. */
import { createServer, type Server } from 'node:http'
import { once } from 'node:events'
import type { TestContext } from 'node:test'
import { PATIENCE_MS } from '../patience.ts'
import { many, percentile, row, spread } from './matrix.ts'
import { Crowd, seat } from './people.ts'
import { closedRecords, talkTime } from './records.ts'
import { pause, Rig, until } from './rig.ts'

row(
  null,
  'a node dies between an effect and its record: no second telephone rings',
  { injected: 'SIGKILL in the moment in which the switch receives an originate', quick: true },
  async (t, told) => {
    const rig = await Rig.open(t, told, { queues: ['sales'] })
    await rig.start()
    const rounds = many(10, 1)
    const callers = 5
    told.trials = rounds * callers
    let [rang, talked, lost] = [0, 0, 0]
    for (let round = 0; round < rounds; round++) {
      const [dying, next] = round % 2 === 0 ? ['a', 'b'] : ['b', 'a']
      rig.entry(dying!, next!)
      const crowd = new Crowd(rig)
      await crowd.call(callers, { flow: 'queue-entry', variables: { queue: 'sales' } })
      await crowd.hear('moh/calm')
      // its sender is dead before FreeSWITCH executes the nth originate; a command that was sent is executed all the
      // same
      let left = 1 + (round % callers)
      rig.oracle.onCommand = ({ node, text }) => {
        if (node === dying && text.includes('originate ') && --left === 0) rig.node(dying!).kill()
      }
      const places = await seat(rig, { queue: 'sales', number: callers + 3, prefix: `round-${round}-`, rings: '300ms' })
      await crowd.talk(many(25_000, PATIENCE_MS)).catch(() => {}) // reported below
      rig.oracle.onCommand = null
      rang += [...places.values()].reduce((sum, place) => sum + place.rang, 0)
      talked += crowd.people.filter(person => person.talksWith).length
      lost += crowd.lost.length
      crowd.leave()
      for (const name of places.keys()) await rig.roster.setStatus(name, 'logged-out', Date.now())
      await rig.node(dying!).end()
      if (round + 1 < rounds) await rig.start([dying!])
    }
    told.is(`${talked}/${told.trials} talk, ${lost} lost`, talked === told.trials && lost === 0)
    told.is(`${rang} telephones rang`, rang === told.trials)
  },
)

row(
  null,
  'a node dies in the moment in which two begin to talk: the talk goes on, and its whole time is counted',
  { injected: 'SIGKILL at CHANNEL_BRIDGE, 0 to 40 ms after it' },
  async (t, told) => {
    const rig = await Rig.open(t, told)
    const rounds = many(10, 2)
    told.trials = rounds
    await rig.start()
    const errors: number[] = []
    let [cut, wrapUps] = [0, 0]
    for (let round = 0; round < rounds; round++) {
      const [dying, next] = round % 2 === 0 ? ['a', 'b'] : ['b', 'a']
      rig.entry(dying!, next!)
      const prefix = `round-${round}-`
      await seat(rig, { queue: 'sales', number: 1, prefix })
      rig.oracle.onTalk = () =>
        void (round % 5 === 0 ? rig.node(dying!).kill() : setTimeout(() => rig.node(dying!).kill(), (round % 5) * 10))
      const crowd = new Crowd(rig)
      await crowd.call(1, { flow: 'queue-entry', variables: { queue: 'sales' } })
      await crowd.talk()
      rig.oracle.onTalk = null
      await rig.node(dying!).exited
      await pause(3_000)
      cut += crowd.people.filter(person => person.talksWith === undefined).length
      // the agent ends every second talk: then the caller returns
      if (round % 2 === 0) crowd.leave()
      else crowd.people[0]!.talksWith?.hangUp()
      const state = async () => (await rig.roster.get(`${prefix}1`, Date.now()))?.state
      await until('the agent is in wrap-up', async () => (await state()) === 'wrap-up', 10_000).then(
        () => (wrapUps += 1),
        () => {},
      ) // reported below
      const record = (await closedRecords(rig, crowd.uuids)).get(crowd.uuids[0]!)
      const talk = rig.oracle.talks.find(one => one.a === crowd.uuids[0])
      const said = record ? talkTime(record) : null
      errors.push(said === null || talk?.until === undefined ? Infinity : Math.abs(said - (talk.until - talk.from)))
      await rig.roster.setStatus(`${prefix}1`, 'logged-out', Date.now())
      crowd.leave()
      await rig.start([dying!])
    }
    told.is(`${cut} of ${rounds} talks cut`, cut === 0)
    told.is(`${wrapUps} agents in wrap-up after it`, wrapUps === rounds)
    told.is(`talk time error max ${Math.round(percentile(errors, 100))} ms`, percentile(errors, 100) <= 1_000)
  },
)

row(
  null,
  'a node dies while an agent hears whom the call is about: they are asked again, and nobody else is',
  { injected: 'SIGKILL during the whisper', quick: true },
  async (t, told) => {
    const rig = await Rig.open(t, told)
    told.trials = many(30, 5)
    const places = await seat(rig, { queue: 'sales', number: told.trials + 3, accepts: false })
    const [a] = await rig.start()
    const crowd = new Crowd(rig)
    await crowd.call(told.trials, { flow: 'queue-entry', variables: { queue: 'sales' }, everyMs: 20 })
    const agents = () =>
      [...places.values()]
        .flatMap(place => place.people)
        .filter(person => person.heard.some(({ what }) => what === 'whisper/press-1') && person.state === 'up')
    await until('every agent hears the whisper', () => agents().length === told.trials, PATIENCE_MS)
    const asked = agents()
    const killed = a!.kill()
    const again = () => asked.filter(person => person.heard.filter(({ what }) => what === 'whisper/press-1').length > 1)
    await until('every agent is asked again', () => again().length === told.trials, many(10_000, PATIENCE_MS)).catch(
      () => {},
    ) // reported below
    told.is(`${again().length}/${told.trials} agents asked again`, again().length === told.trials)
    for (const person of asked) person.press('1')
    await crowd.talk(many(10_000, PATIENCE_MS)).catch(() => {}) // reported below
    const talking = crowd.people.filter(person => person.talksWith && asked.includes(person.talksWith)).length
    told.is(
      `${talking} talk with the agent who was asked, ${crowd.lost.length} lost`,
      talking === told.trials && crowd.lost.length === 0,
    )
    told.is(
      `${[...places.values()].reduce((sum, place) => sum + place.rang, 0)} telephones rang`,
      [...places.values()].every(place => place.rang <= 1),
    )
    told.says(`callers heard again: ${spread(rig.oracle.heardAgain(crowd.uuids, killed))}`)
    crowd.leave()
  },
)

row(
  null,
  'what a flow does once: done again when its node died in it, and never when it was done',
  { injected: 'SIGKILL during and after a look-up' },
  async (t, told) => {
    const rig = await Rig.open(t, told)
    await rig.start()
    told.trials = 5
    const desk = await openDesk(t)
    desk.answers = false
    const crowd = new Crowd(rig)
    await crowd.call(told.trials, { flow: 'looks-up', variables: { url: desk.url } })
    await until('everybody has asked', () => desk.asked === told.trials, 5_000)
    await crowd.at('a')
    rig.node('a').kill()
    desk.answers = true
    await crowd.hear('fault/menu')
    told.is(`asked ${desk.asked} times when it died in between`, desk.asked === told.trials * 2)
    await rig.start(['a'])
    rig.node('b').kill()
    await crowd.at('a')
    for (const person of crowd.people) person.press('1')
    await until('everybody has chosen', () => crowd.people.every(person => person.state === 'gone'), 10_000)
    told.is(`and ${desk.asked - told.trials * 2} times more when it was done`, desk.asked === told.trials * 2)
    const rows = await closedRecords(rig, crowd.uuids)
    const right = [...rows.values()].filter(
      ({ crm, outcome }) => outcome === 'one' && /^answer \d+$/.test(crm['answer'] ?? ''),
    ).length
    told.is(`${right}/${told.trials} with their answer`, right === told.trials)
  },
)

/** A server outside that flows ask: it answers at once, or not at all. */
async function openDesk(t: TestContext): Promise<{ readonly url: string; answers: boolean; readonly asked: number }> {
  let asked = 0
  const desk = {
    url: '',
    answers: true,
    get asked() {
      return asked
    },
  }
  const server: Server = createServer((_, response) => {
    asked += 1
    if (desk.answers) response.end(`answer ${asked}`)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  const address = server.address()
  desk.url = `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}/`
  return desk
}
