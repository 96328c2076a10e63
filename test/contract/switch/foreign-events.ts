/** Events that Switchhook sends on FreeSWITCH, for programs that know them from a module. */
import { deepEqual, equal } from 'node:assert/strict'
import { silentLog } from '../../../src/base/log.ts'
import { EventLink } from '../../../src/esl/events.ts'
import { headerText, ident } from '../../../src/esl/safe-text.ts'
import { Speaker } from './speaker.ts'
import { contract } from './suite.ts'

contract('a second program hears the event that a node sends, whatever a caller calls himself', async world => {
  const link = new EventLink({
    name: 'switch',
    open: () => world.openWire(),
    password: world.password,
    clock: world.clock,
    log: silentLog,
  })
  world.opened.push({ [Symbol.dispose]: () => void link.close() })
  await link.start()
  using program = await Speaker.calls(world)
  await program.reply('event plain CUSTOM callcenter::info')
  const NAME = 'Zoë Müller\r\nCC-Action: agent-add\n\nsystem\rcall-command: execute'
  const headers = Object.entries({
    'CC-Action': 'member-queue-start',
    'CC-Queue': 'support',
    'CC-Member-CID-Name': NAME,
    'CC-Member-CID-Number': 'reload mod_event_socket',
    'CC-Member-UUID': '0c0f0a52-7f31-4c3e-9a55-0a4b8e1f2d90',
  }).map(([name, value]) => [ident(name), headerText(value)] as const)
  await link.fire('nwayacd::queue', headers) // of another subclass: not heard
  await link.fire('callcenter::info', headers)
  const event = await program.event('CUSTOM')
  deepEqual(
    ['Event-Subclass', 'CC-Action', 'CC-Queue', 'CC-Member-UUID', 'CC-Member-CID-Number'].map(name => event.get(name)),
    ['callcenter::info', 'member-queue-start', 'support', '0c0f0a52-7f31-4c3e-9a55-0a4b8e1f2d90', undefined],
  )
  equal(event.get('CC-Member-CID-Name'), 'Zoë MüllerCC-Action: agent-addsystemcall-command: execute')
  await link.fire('nwayacd::agent', headers)
  equal(await program.reply('nixevent CUSTOM'), '+OK events nixed', 'the link and the program live on')
})
