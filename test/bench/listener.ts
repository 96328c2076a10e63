/**
 * The production path alone, to be loaded: `listener.ts PORT [REDIS]`. Listener, door, flow and verbs as main.ts joins them, but no
 * database and no link to a switch; every path of the dialplan runs the standard call. With a Redis address (as JSON) each call has its
 * journal there, without one it has none. Prints `ready`.
 */
import { systemClock as clock } from '../../src/base/clock.ts'
import { NotFoundError } from '../../src/base/errors.ts'
import { openLog } from '../../src/base/log.ts'
import { Door } from '../../src/call/arrive.ts'
import { CallHouse } from '../../src/call/house.ts'
import { redisCalls } from '../../src/call/redis-calls.ts'
import { Switchboard } from '../../src/call/switchboard.ts'
import { openListener } from '../../src/esl/listener.ts'
import { ident } from '../../src/esl/words.ts'
import { Catalogue, type AnyFlow } from '../../src/flow/catalogue.ts'
import { Flows } from '../../src/flow/run.ts'
import type { Queues } from '../../src/queue/queue.ts'
import { openRedisClient, type RedisAddress } from '../../src/store/redis.ts'
import standardCall from './standard-call.flow.ts'

class WhateverThePath extends Catalogue {
  override get(): AnyFlow {
    return standardCall
  }
}

const noQueues: Queues = {
  enter: (_call, queue) => Promise.reject(new NotFoundError('queue', queue)),
  check: async () => [],
  async [Symbol.asyncDispose]() {},
}

// two lines a call at 'info' would measure the terminal
const log = openLog('warn')
const switchboard = new Switchboard()
const redis = process.argv[3]
const shared = redis === undefined ? {} : { calls: redisCalls({ commands: await openRedisClient(JSON.parse(redis) as RedisAddress) }, clock), node: 'bench' }
const door: Door = new Door({ clock, log, switchboard, start: (leg, taken) => flows.start(leg, taken), ...shared })
const house = new CallHouse({ clock, log, door, switchboard, settings: { ringForMs: 20_000, gateway: ident('none'), detect: {} } })
const flows = new Flows({ catalogue: new WhateverThePath(new Map()), house, queues: noQueues, records: { begun: async () => {}, ended: async () => {} }, ...shared })

const port = Number(process.argv[2] ?? 8084)
await openListener({ host: '127.0.0.1', port, allow: ['127.0.0.0/8'], log, onWire: wire => void door.knock(wire) })
console.log('ready')
