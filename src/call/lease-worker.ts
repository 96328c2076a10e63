/**
 * The thread that renews the node's lease. It does nothing else, so that the lease lasts while hundreds of calls keep the other thread
 * busy; and it ends the lease when that one does not move any more. Started by lease-thread.ts.
 */
import { parentPort, workerData } from 'node:worker_threads'
import { systemClock, threadOffset } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import { SharedClock } from '../base/shared-clock.ts'
import { openRedisClient } from '../store/redis.ts'
import { failureFrom, SharedLease, type FromLease, type LeaseTask, type ToLease } from './lease-messages.ts'
import { Presence } from './presence.ts'
import { redisPresence } from './redis-presence.ts'

const port = parentPort!
const task = workerData as LeaseTask
const tell = (message: FromLease): void => port.postMessage(message)

const logger = (level: 'debug' | 'info' | 'warn' | 'error') => (fields: object, message = '') => tell({ kind: 'log', level, fields, message })
const log = { debug: logger('debug'), info: logger('info'), warn: logger('warn'), error: logger('error'), child: () => log } as unknown as Log

async function open(): Promise<Presence> {
  const { redis, node, address, roles, shared: buffer } = task
  const [clock, offset] = [new SharedClock(systemClock), threadOffset()]
  const shared = new SharedLease(offset, buffer)
  const [commands, subscriber] = await Promise.all([
    openRedisClient(redis, { name: 'switchhook-lease', log }),
    openRedisClient(redis, { kind: 'subscriber', name: 'switchhook-lease', log }),
  ])
  const presence = new Presence({
    table: redisPresence({ commands, subscriber }, clock),
    node, address, roles, clock, log,
    open: task.open,
    lapses: shared.read().lapses,
    expects: () => clock.expected(),
    moves: () => clock.monotonic() - shared.beatAt < task.standsStillMs,
    publish: (until, lapses) => shared.publish(until, lapses),
  })
  presence.on('answered', sample => {
    clock.learn(sample)
    tell({ kind: 'answered', sample: { ...sample, asked: sample.asked + offset, answered: sample.answered + offset } })
  })
  presence.on('read', () => tell({ kind: 'read', peers: [...presence.peers()], open: presence.open, lapses: presence.lapses }))
  presence.on('gone', name => tell({ kind: 'gone', node: name, seenAt: presence.lastSeen(name) }))
  presence.on('came', peer => tell({ kind: 'came', peer }))
  presence.on('lapsed', ({ forGood }) => forGood && tell({ kind: 'replaced' }))
  await presence.start()
  return presence
}

async function answer(presence: Presence, asked: ToLease): Promise<boolean> {
  switch (asked.ask) {
    case 'open':
      await presence.setOpen(asked.open)
      return presence.open
    case 'mayClose':
      return presence.mayClose()
    case 'close':
      await presence.close()
      return true
  }
}

try {
  const presence = await open()
  port.on('message', (asked: ToLease) => {
    answer(presence, asked).then(
      value => tell({ kind: 'answer', to: asked.id, value }),
      (error: unknown) => tell({ kind: 'answer', to: asked.id, failure: failureFrom(error) }),
    )
  })
  tell({ kind: 'started' })
} catch (error) {
  tell({ kind: 'failed', failure: failureFrom(error) })
}
