/**
 * The production path alone, as the target of the load: `listener.ts PORT [REDIS]`. Listener, Door, flow and verbs are
 * connected as in main.ts, but there is no database and no link to a FreeSWITCH. Every path of the dialplan runs the
 * standard call. With a Redis address (as JSON) each call has its journal there and the node has its lease; without one
 * there is neither. Prints `ready`, and for each SIGUSR2 one line of JSON: how long it waited for Redis since the last
 * one.
 */
import { systemClock as clock } from '../../src/base/clock.ts'
import { NotFoundError } from '../../src/base/errors.ts'
import { openLog } from '../../src/base/log.ts'
import { silentEvents } from '../../src/events/events.ts'
import { Door, type DoorOptions } from '../../src/call/entry.ts'
import { CallContext } from '../../src/call/call-context.ts'
import type { CallStore } from '../../src/journal/call-store.ts'
import { LocalNodeLease } from '../../src/cluster/local-node-lease.ts'
import { redisCallStore } from '../../src/journal/redis-call-store.ts'
import { redisNodeTable } from '../../src/cluster/redis-node-table.ts'
import { Switchboard } from '../../src/switch/switchboard.ts'
import { openListener } from '../../src/esl/listener.ts'
import { ident } from '../../src/esl/safe-text.ts'
import { Catalogue, type AnyFlow } from '../../src/flow/catalogue.ts'
import { Flows } from '../../src/flow/run.ts'
import type { Queues } from '../../src/queue/queues.ts'
import { openRedisClient, type RedisAddress } from '../../src/store/redis.ts'
import standardCall from './standard-call.flow.ts'
import { TimedCalls } from './waits.ts'

class WhateverThePath extends Catalogue {
  override get(): AnyFlow {
    return standardCall
  }
}

const noQueues: Queues = {
  enter: (_call, queue) => Promise.reject(new NotFoundError('queue', queue)),
  reserve: (_call, agent) => Promise.reject(new NotFoundError('agent', agent)),
  resume: async () => {},
  releaseAgentsOf: async () => {},
  admit: (_call, queue) => Promise.reject(new NotFoundError('queue', queue)),
  keepForCallback: async () => {},
  callbackPlaces: async () => [],
  giveUp: async () => {},
  check: async () => [],
  get taking(): never {
    throw new Error('no agent takes callers here')
  },
  async [Symbol.asyncDispose]() {},
}

// two log lines per call at 'info' would measure the terminal
const log = openLog('warn')
const switchboard = new Switchboard()
const redis = process.argv[3]
const shared = redis === undefined ? {} : await withPeers(JSON.parse(redis) as RedisAddress)
const door: Door = new Door({ clock, log, switchboard, start: (leg, taken) => flows.start(leg, taken), ...shared })
const context = new CallContext({
  clock,
  log,
  events: silentEvents,
  door,
  switchboard,
  settings: { ringForMs: 20_000, gateway: ident('none'), detect: {} },
})
const flows = new Flows({
  catalogue: new WhateverThePath(new Map()),
  context,
  queues: noQueues,
  records: { ended: async () => {} },
  ...shared,
})

const port = Number(process.argv[2] ?? 8084)
await openListener({ host: '127.0.0.1', port, allow: ['127.0.0.0/8'], log, onWire: wire => void door.accept(wire) })
console.log('ready')

/** The parts of a node that has peers: the store of its calls, and the lease that lets it send commands for them. */
async function withPeers(
  address: RedisAddress,
): Promise<Pick<DoorOptions, 'peers'> & { calls: CallStore; node: string }> {
  const home = {
    commands: await openRedisClient(address),
    subscriber: await openRedisClient(address, { kind: 'subscriber' }),
  }
  const calls = new TimedCalls(redisCallStore(home.commands, clock))
  process.on('SIGUSR2', () => console.log(JSON.stringify(calls.report())))
  const node = `bench-${process.pid}`
  const lease = new LocalNodeLease({
    table: redisNodeTable(home, clock),
    node,
    address: null,
    roles: ['listener'],
    clock,
    log,
  })
  await lease.start()
  return { calls, node, peers: { holds: () => lease.holds(), addressOf: () => null } }
}
