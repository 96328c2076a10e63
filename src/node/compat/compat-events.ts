/**
 * Sends the events of other systems on FreeSWITCH, for programs that know them (setting EVENTS_COMPAT): to the
 * FreeSWITCH that has the call, and those of agents to every one. The node that drives a call sends its events. Every
 * node hears of the change of an agent, and one of them sends it, chosen by the agent's name. Nothing waits for an
 * event, and none is repeated: while a link is down its events are lost, as FreeSWITCH's own are.
 */
import type { Agent } from '../../agent/agent.ts'
import type { RosterMirror } from '../../agent/roster-mirror.ts'
import type { Clock } from '../../base/clock.ts'
import type { Log } from '../../base/log.ts'
import type { Events } from '../../events/events.ts'
import { headerText, ident } from '../../esl/safe-text.ts'
import { turnOf } from '../../recovery/grace.ts'
import type { Switch, Switchboard } from '../../switch/switchboard.ts'
import { FactsOfCalls } from './call-facts.ts'
import { callcenter } from './callcenter.ts'
import type { Dialect, ForeignEvent } from './foreign-event.ts'
import { nwayacd } from './nwayacd.ts'

const DIALECTS = { callcenter, nwayacd } as const
export type DialectName = keyof typeof DIALECTS

interface Parts {
  readonly dialects: readonly DialectName[]
  readonly switchboard: Pick<Switchboard, 'switches'>
  readonly mirror: Pick<RosterMirror, 'on'>
  readonly node: string
  /** The other nodes that are alive. */
  others(): readonly string[]
  /** The FreeSWITCH that has this call; null: not known. */
  homeOf(uuid: string): Switch | null
  readonly clock: Clock
  readonly log: Log
}

export function compatEvents(parts: Parts): Events & Disposable {
  const { switchboard, mirror, node, others, homeOf, clock, log } = parts
  const dialects: readonly Dialect[] = parts.dialects.map(name => DIALECTS[name])
  const facts = new FactsOfCalls()
  const homes = new WeakMap<object, Switch>()
  const agents = new Map<string, Agent>()

  const send = (to: readonly Switch[], events: readonly ForeignEvent[]) => {
    for (const { subclass, headers } of events) {
      const safe = Object.entries(headers).map(([name, value]) => [ident(name), headerText(value)] as const)
      for (const one of to)
        one.fire(subclass, safe).catch((error: Error) => {
          log.debug({ switch: one.name, subclass, error: error.message }, 'an event for other programs was lost')
        })
    }
  }
  const watching = mirror.on('written', ({ name, agent }) => {
    const before = agents.get(name)
    if (agent) agents.set(name, agent)
    else agents.delete(name)
    const isMine = turnOf(name, node, others()) === 0
    if (!agent || !before || !isMine) return
    const change = { agent: name, extension: agent.endpoint.replace(/^user\//, ''), before, after: agent }
    for (const dialect of dialects) send(switchboard.switches, dialect.ofAgent(change))
  })
  return {
    tell(name, data, telling) {
      if (telling?.again === true) return
      const call = facts.learn(name, data, clock.now())
      if (!call) return
      const home = homeOf(call.uuid)
      if (home) homes.set(call, home) // the leg is forgotten before the last event of its call
      const known = homes.get(call)
      const to = known ? [known] : switchboard.switches
      for (const dialect of dialects) send(to, dialect.ofCall(name, data, call, clock.now()))
    },
    [Symbol.dispose]: () => watching[Symbol.dispose](),
  }
}
