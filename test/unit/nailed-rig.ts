/** For tests of nailed-up agents: Alice, her telephone, and nodes that dial campaigns. */
import { randomUUID } from 'node:crypto'
import { MemoryAgents } from '../../src/agent/memory-roster.ts'
import { rosterOver } from '../../src/agent/roster.ts'
import { SwitchError } from '../../src/base/errors.ts'
import { silentLog } from '../../src/base/log.ts'
import { Switch, Switchboard } from '../../src/switch/switchboard.ts'
import { RosterMirror } from '../../src/agent/roster-mirror.ts'
import { NailedLegs } from '../../src/campaign/nailed-legs.ts'
import { NailedAgents } from '../../src/campaign/nailed-agents.ts'
import type { ApiText } from '../../src/esl/api.ts'
import type { Commands } from '../../src/esl/client.ts'
import { SwitchEvent } from '../../src/esl/event.ts'
import type { EventLink } from '../../src/esl/events.ts'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'
import { Carrier } from '../contract/campaign-carrier.ts'

export async function rig() {
  const clock = new VirtualClock()
  const carrier = new Carrier()
  /** The variables that were changed on legs. */
  const changed: string[] = []
  /** No command reaches FreeSWITCH while it is down. */
  const link = { down: false }
  const commands: Commands = {
    ...carrier.commands,
    async run(text) {
      if (link.down) throw new SwitchError('LINK_DOWN', 'no link')
      if (!text.startsWith('uuid_setvar ')) return carrier.commands.run(text)
      changed.push(text)
      return '+OK'
    },
  }
  const events = Object.assign(carrier.events, {
    ask: async (text: ApiText) => (text === 'status' ? 'FreeSWITCH is ready' : commands.run(text)),
    submit: () => Promise.reject(new SwitchError('SWITCH_REFUSED', 'nothing to recover')),
  }) as unknown as EventLink
  const roster = rosterOver(new MemoryAgents())
  const living = new Set<string>()
  const node = (name: string) => {
    const facts = { core: carrier.core, version: '1.10.12', recordings: '/tmp' }
    const switchboard = new Switchboard()
    switchboard.add(new Switch({ name: 'fs', commands, events, facts, clock, log: silentLog }))
    const mirror = new RosterMirror(roster, clock, silentLog)
    const nailedLegs = new NailedLegs()
    living.add(name)
    const isAlive = (other: string) => living.has(other)
    const othersDial = () => [...living].some(other => other !== name)
    const nailed = new NailedAgents({
      switchboard,
      roster,
      mirror,
      nailedLegs,
      clock,
      log: silentLog,
      node: name,
      isAlive,
      othersDial,
    })
    /** As kill -9. */
    const dies = () => {
      living.delete(name)
      mirror.close()
    }
    return { nailed, dies, switchboard, mirror }
  }
  const { nailed, dies, switchboard, mirror } = node('a')
  const queues = [{ queue: 'sales', level: 1, position: 1 }]
  await roster.put({ name: 'alice', endpoint: 'user/1001', wrapUpMs: 10_000, ringForMs: 20_000, queues }, clock.now())
  carrier.behaviour = () => 'answers'
  const ready = async () => {
    await roster.setStatus('alice', 'ready', clock.now())
    await clock.settle()
  }
  const talks = async () => {
    const epoch = (await roster.reserve('alice', randomUUID(), clock.now(), 10_000))!
    await roster.advance('alice', epoch, 'talking', clock.now())
    return () => roster.release('alice', epoch, 'talked', clock.now())
  }
  const answers = (uuid: string) =>
    carrier.events.emit('event', new SwitchEvent(`Event-Name: CHANNEL_ANSWER\nUnique-ID: ${uuid}\n`))
  return {
    clock,
    carrier,
    answers,
    changed,
    link,
    roster,
    node,
    nailed,
    switchboard,
    mirror,
    dies,
    living,
    ready,
    talks,
    look: () => roster.get('alice', clock.now()),
  }
}
