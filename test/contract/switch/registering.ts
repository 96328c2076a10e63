/** Telephones that register: what FreeSWITCH sends then. */
import { deepEqual, equal } from 'node:assert/strict'
import { silentLog } from '../../../src/base/log.ts'
import { EventLink } from '../../../src/esl/events.ts'
import type { SwitchEvent } from '../../../src/esl/event.ts'
import { registeredUsers, userOfChannel, userOfRegistration } from '../../../src/directory/phone-users.ts'
import { OWN } from '../../../src/switch/originate.ts'
import { contract } from './suite.ts'
import type { World } from './world.ts'

/** The events of modules, as a node hears them. */
async function listensTo(world: World): Promise<EventLink> {
  const link = new EventLink({
    name: 'switch',
    open: () => world.openWire(),
    password: world.password,
    clock: world.clock,
    log: silentLog,
  })
  world.opened.push({ [Symbol.dispose]: () => void link.close() })
  await link.start()
  return link
}

contract('a telephone that registers is told to every node, with its user', async world => {
  const link = await listensTo(world)
  const heard = new Promise<SwitchEvent>(resolve =>
    link.on('event', event => event.name === 'CUSTOM' && resolve(event)),
  )
  await world.register('1001')
  const event = await world.within('5s', heard, 'the registration is told')
  equal(event.get('Event-Subclass'), 'sofia::register')
  equal(event.get('from-user'), '1001')
  equal(event.get('from-host'), '127.0.0.1')
})

contract('a telephone is in the list while it is registered, and its end is told', async world => {
  const link = await listensTo(world)
  const listed = async () => {
    const users = registeredUsers(await world.observer.api('show registrations as json'))
    return users.filter(({ user }) => user === '1002')
  }
  const told = (subclass: string) =>
    new Promise<SwitchEvent>(resolve =>
      link.on('event', event => event.get('Event-Subclass') === subclass && resolve(event)),
    )
  deepEqual(await listed(), [])
  await world.register('1002')
  await world.until('5s', async () => (await listed()).length === 1)
  deepEqual(await listed(), [{ user: '1002', host: '127.0.0.1' }])
  const ended = told('sofia::unregister')
  await world.register('1002', false)
  const event = await world.within('5s', ended, 'the end is told')
  deepEqual(userOfRegistration(event), { user: '1002', host: '127.0.0.1' })
  await world.until('5s', async () => (await listed()).length === 0)
})

contract('a call at the telephone of a user names the user, whoever called', async world => {
  const desk = world.desk()
  void world.observer.job(`originate ${desk.endpoint} &park()`)
  const rings = await world.within('5s', desk.rings())
  const created = await world.event(rings.uuid, 'CHANNEL_CREATE')
  deepEqual(
    userOfChannel(name => created.variable(name)),
    { user: desk.user, host: '127.0.0.1' },
  )
  equal(created.variable(OWN), undefined)
})

contract('a call of Switchhook at the telephone of a user says that it is its own', async world => {
  const node = await world.node('a')
  const desk = world.desk()
  node.answers('welcome', async call => {
    await call.answer()
    await using party = await call.dial(desk.endpoint, { ringFor: '1s' })
    return party.outcome
  })
  await world.call()
  const rings = await world.within('5s', desk.rings())
  equal((await world.event(rings.uuid, 'CHANNEL_CREATE')).variable(OWN), 'true')
})

contract('a telephone that calls with its password is known by its user, and a stranger is not', async world => {
  const node = await world.node('a')
  node.answers('welcome', call => call.play('ivr/long'))
  const userOf = async (uuid: string) => {
    const created = await world.event(uuid, 'CHANNEL_CREATE')
    return userOfChannel(name => created.variable(name))
  }
  deepEqual(await userOf((await world.deskCalls('switchhook-welcome')).uuid), {
    user: world.desk().user,
    host: '127.0.0.1',
  })
  equal(await userOf((await world.call({ from: world.desk().user })).uuid), null)
})

contract('each feature code brings the telephone to its flow, with the digits behind it', async world => {
  const node = await world.node('a')
  const codes = {
    '*50': ['agent-login', ''],
    '*51': ['agent-logout', ''],
    '*52': ['agent-ready', ''],
    '*53': ['agent-break', ''],
    '*532': ['agent-break', 'reason=2'],
    '*54': ['agent-next', ''],
    '*55': ['agent-hold', ''],
    '*564930777': ['agent-transfer', 'number=4930777'],
    '*59': ['agent-call-lead', ''],
    '*60': ['agent-skip-lead', ''],
    '5900': ['queue-entry', 'queue=park'],
    '5901': ['unpark', 'queue=park'],
    '5902': ['unpark', 'queue=park,wait=yes'],
    '*57': ['park', ''],
    '*572': ['park', 'slot=2'],
    '*582': ['unpark', 'queue=slot-2'],
  } as const
  for (const [code, [flow, given]] of Object.entries(codes)) {
    const run = node.answers(flow, async call => {
      await call.answer()
      const values: string[] = []
      for (const name of ['reason', 'number', 'queue', 'wait', 'slot']) {
        const value = await call.variable(name)
        if (value !== undefined) values.push(`${name}=${value}`)
      }
      return values.join()
    })
    await world.deskCalls(code)
    equal(await world.within('5s', run.result), given, code)
  }
})
