/** Telephones that register: what FreeSWITCH sends then. */
import { equal } from 'node:assert/strict'
import { silentLog } from '../../../src/base/log.ts'
import { EventLink } from '../../../src/esl/events.ts'
import type { SwitchEvent } from '../../../src/esl/event.ts'
import { contract } from './suite.ts'

contract('a telephone that registers is told to every node, with its user', async world => {
  const link = new EventLink({
    name: 'switch',
    open: () => world.openWire(),
    password: world.password,
    clock: world.clock,
    log: silentLog,
  })
  world.opened.push({ [Symbol.dispose]: () => void link.close() })
  await link.start()
  const heard = new Promise<SwitchEvent>(resolve =>
    link.on('event', event => event.name === 'CUSTOM' && resolve(event)),
  )
  await world.register('1001')
  const event = await world.within('5s', heard, 'the registration is told')
  equal(event.get('Event-Subclass'), 'sofia::register')
  equal(event.get('from-user'), '1001')
  equal(event.get('from-host'), '127.0.0.1')
})
