/** What mod_voicemail tells of a mailbox, as every node hears it. The module itself is sent for by its own words. */
import { deepEqual, equal } from 'node:assert/strict'
import { silentEvents, type Events } from '../../../src/events/events.ts'
import { watchMailboxes } from '../../../src/directory/mailboxes.ts'
import type { QueueSettings } from '../../../src/queue/settings.ts'
import { contract } from './suite.ts'
import { Speaker } from './speaker.ts'

const SUPPORT: QueueSettings = {
  name: 'support',
  strategy: 'longest-idle-agent',
  whenNoAgents: { to: 'voicemail', extension: '1001' },
}

contract('a message in the mailbox of a queue is told to the nodes, with its caller and its queue', async world => {
  const node = await world.node('a')
  const told: unknown[] = []
  const heard = new Promise<void>(resolve => {
    const events: Events = {
      ...silentEvents,
      tell: (name, data) => {
        told.push([name, data])
        if (told.length === 2) resolve()
      },
    }
    const switchboard = { switches: [node.home] }
    world.opened.push(
      watchMailboxes({ switchboard, queues: async () => [SUPPORT], isMine: () => true, events, log: node.context.log }),
    )
  })
  using module = await Speaker.calls(world)
  const tells = (headers: Readonly<Record<string, string>>) =>
    module.reply(
      ['sendevent CUSTOM', 'Event-Subclass: vm::maintenance']
        .concat(Object.entries(headers).map(([name, value]) => `${name}: ${value}`))
        .join('\n'),
    )
  const uuid = '0c0f0a52-7f31-4c3e-9a55-0a4b8e1f2d90'
  await tells({
    'VM-Action': 'leave-message',
    'VM-User': '1001',
    'VM-Domain': '127.0.0.1',
    'VM-Caller-ID-Number': '+4930555777',
    'VM-Message-Len': '12',
    'Unique-ID': uuid,
    variable_overflow_queue: 'support',
  })
  await tells({ 'VM-Action': 'mwi-update', 'VM-User': '1001', 'VM-Total-New': '3', 'VM-Total-Saved': '1' })
  await world.within('5s', heard, 'both are told')
  deepEqual(told, [
    ['queue.message.left', { uuid, queue: 'support', mailbox: '1001', lasted: 12_000, from: '+4930555777' }],
    ['queue.messages.changed', { queue: 'support', mailbox: '1001', waiting: 3, heard: 1 }],
  ])
  equal(node.faults.length, 0)
})
