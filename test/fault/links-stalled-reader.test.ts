/**
 * Row 24 on a real FreeSWITCH, where one is on the PATH (or FREESWITCH_BIN names it): a node is suspended while
 * FreeSWITCH tells events of many short calls. What the node has not read waits in the memory of FreeSWITCH, 100 000
 * events of a connection at most. The 200 MB of the matrix are not reached: 200 calls a second are 4 200 events, of
 * which the node needs four for each call, with all variables (9 kB each).
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { systemClock } from '../../src/base/clock.ts'
import { auth, subscribe } from '../../src/esl/command.ts'
import { Connection } from '../../src/esl/connection.ts'
import { connectTcp } from '../../src/esl/tcp.ts'
import { residentKb } from '../bench/figures.ts'
import { Ear } from '../contract/survival/ear.ts'
import { nodeBeside } from '../contract/survival/node.ts'
import { Stores } from '../contract/survival/stores.ts'
import { findFreeSwitch, startFreeSwitch } from '../contract/switch/freeswitch.ts'
import { row } from './matrix.ts'
import { pause, until } from './rig.ts'

const STALLS_MS = 60_000
/** A client that takes every event costs 5.4 kB for each that FreeSWITCH tells (measured); ours half of it at most. */
const MOST_KB_PER_EVENT = 2.7
/** Short calls in a twentieth of a second: as many as the machine makes. */
const AT_ONCE = 12
const WANTED_EVENTS = 3_000

row(
  24,
  'a node reads nothing for a minute while FreeSWITCH is busy: FreeSWITCH keeps only what the node needs, and the node serves callers again',
  { injected: 'SIGSTOP of the node for 60 s under short calls' },
  async (t, told) => {
    const program = await findFreeSwitch()
    if (program === null) {
      told.trials = 0
      return told.says('no freeswitch on the PATH and no FREESWITCH_BIN: not run')
    }
    const stores = await Stores.open()
    t.after(() => stores.close())
    const freeSwitch = await startFreeSwitch(program)
    t.after(() => freeSwitch.stop())
    const { ports, password, folder } = freeSwitch
    const pid = Number(readFileSync(join(folder, 'pid'), 'utf8'))
    const node = nodeBeside(freeSwitch, stores, { name: 'node-a', port: ports.nodeA, settings: { LOG_LEVEL: 'info' } })
    t.after(() => node.end())
    told.whenMissed(() => node.story())
    await node.ready()
    const ear = await Ear.open(ports.eventSocket, password, { sounds: true })
    t.after(() => ear.close())

    // every event of FreeSWITCH has the next number, also those that nobody asked for
    let sequence = 0
    const counter = new Connection(await connectTcp('127.0.0.1', ports.eventSocket), systemClock, {
      authRequest: () => void counter.send(auth(password)).then(() => counter.send(subscribe('BACKGROUND_JOB'))),
      event: event => void (sequence = Number(event.raw('Event-Sequence'))),
      closed: () => {},
    })
    t.after(() => counter.end())

    let calls = 0
    let busy = true
    const shortCalls = async () => {
      for (; busy; await pause(50))
        await Promise.all(
          Array.from({ length: AT_ONCE }, async () => (calls++, await ear.api('bgapi originate null/x &hangup'))),
        )
    }
    const calling = shortCalls()
    await pause(10_000) // what FreeSWITCH needs for so many calls is not what waits for the node
    const before = residentKb(pid)
    const [from, began] = [sequence, performance.now()]
    node.stop()
    let most = before
    while (performance.now() - began < STALLS_MS) {
      await pause(500)
      most = Math.max(most, residentKb(pid))
    }
    const perSecond = Math.round(((sequence - from) * 1_000) / (performance.now() - began))
    node.cont()
    busy = false
    await calling
    const grown = Math.round((most - before) / 1_024)
    told.trials = calls
    const perEvent = (most - before) / Math.max(1, sequence - from)
    told.is(
      `FreeSWITCH grew by ${grown} MB at ${perSecond} events a second (${perEvent.toFixed(2)} kB for each)`,
      perEvent < MOST_KB_PER_EVENT && perSecond > 0,
    )
    if (perSecond < WANTED_EVENTS) told.says(`the machine made ${perSecond} of ${WANTED_EVENTS} events a second`)
    // a caller from outside hears something, and so does one who calls after that
    for (const nth of ['first', 'second']) {
      ear.heard.length = 0
      const at = performance.now()
      await ear.job('originate {origination_caller_id_number=4930111}loopback/4930555000/public &park')
      const hears = () => ear.heard.some(({ app }) => app === 'playback' || app === 'play_and_get_digits')
      const heard = await until('the caller hears a sound', hears, 30_000).catch(() => Infinity)
      told.is(`the ${nth} caller afterwards hears something after ${Math.round(heard - at)} ms`, heard < Infinity)
      await ear.api('hupall')
    }
    told.is('the process lives', node.exit === null)
  },
)
