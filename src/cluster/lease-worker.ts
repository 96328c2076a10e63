/**
 * The thread that renews the node's lease. It does nothing else, so that the lease lasts while hundreds of calls keep
 * the serving thread busy. It ends the lease when the event loop of the serving thread is blocked for too long.
 * lease-thread.ts starts it.
 */
import { parentPort, workerData } from 'node:worker_threads'
import { systemClock, threadOffset } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import { SharedClock } from '../base/shared-clock.ts'
import { openRedisClient } from '../store/redis.ts'
import { failureFrom, SharedLease, type FromLease, type LeaseTask, type ToLease } from './lease-messages.ts'
import { LocalNodeLease } from './local-node-lease.ts'
import { redisNodeTable } from './redis-node-table.ts'

const port = parentPort!
const task = workerData as LeaseTask
const tell = (message: FromLease): void => port.postMessage(message)

const logger =
  (level: 'debug' | 'info' | 'warn' | 'error') =>
  (fields: object, message = '') =>
    tell({ kind: 'log', level, fields, message })
const log = {
  debug: logger('debug'),
  info: logger('info'),
  warn: logger('warn'),
  error: logger('error'),
  child: () => log,
} as unknown as Log

async function open(): Promise<LocalNodeLease> {
  const { redis, node, address, roles, shared: buffer } = task
  const [clock, offset] = [new SharedClock(systemClock), threadOffset()]
  const shared = new SharedLease(offset, buffer)
  const [commands, subscriber] = await Promise.all([
    openRedisClient(redis, { name: 'switchhook-lease', log }),
    openRedisClient(redis, { kind: 'subscriber', name: 'switchhook-lease', log }),
  ])
  const lease = new LocalNodeLease({
    table: redisNodeTable({ commands, subscriber }, clock),
    node,
    address,
    roles,
    clock,
    log,
    open: task.open,
    lapses: shared.read().lapses,
    expects: () => clock.expected(),
    moves: () => clock.monotonic() - shared.beatAt < task.standsStillMs,
    publish: (until, lapses) => shared.publish(until, lapses),
  })
  lease.on('answered', sample => {
    clock.learn(sample)
    tell({ kind: 'answered', sample: { ...sample, asked: sample.asked + offset, answered: sample.answered + offset } })
  })
  lease.on('read', () => tell({ kind: 'read', peers: [...lease.peers()], open: lease.open, lapses: lease.lapses }))
  lease.on('gone', name => tell({ kind: 'gone', node: name, seenAt: lease.lastSeen(name) }))
  lease.on('came', peer => tell({ kind: 'came', peer }))
  lease.on('lapsed', ({ forGood }) => forGood && tell({ kind: 'replaced' }))
  await lease.start()
  return lease
}

async function answer(lease: LocalNodeLease, asked: ToLease): Promise<boolean> {
  switch (asked.ask) {
    case 'open':
      await lease.setOpen(asked.open)
      return lease.open
    case 'mayClose':
      return lease.mayClose()
    case 'close':
      await lease.close()
      return true
  }
}

try {
  const lease = await open()
  port.on('message', (asked: ToLease) => {
    answer(lease, asked).then(
      value => tell({ kind: 'answer', to: asked.id, value }),
      (error: unknown) => tell({ kind: 'answer', to: asked.id, failure: failureFrom(error) }),
    )
  })
  tell({ kind: 'started' })
} catch (error) {
  tell({ kind: 'failed', failure: failureFrom(error) })
}
