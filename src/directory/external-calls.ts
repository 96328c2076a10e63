/**
 * Calls at the agents' telephones that Switchhook has not made: an agent who telephones is offered no call until that
 * call ends. Every node hears of every channel, and all write the same: the uuid of the channel stands in the agent's
 * record. FreeSWITCH is asked for its channels at the start and when a link was down. A hang-up that no node heard is
 * found by reconciliation (recovery/stale-records.ts).
 */
import type { Agent } from '../agent/agent.ts'
import type { Roster } from '../agent/roster.ts'
import type { RosterMirror } from '../agent/roster-mirror.ts'
import { agentSetting, telephonesOf } from '../agent/settings.ts'
import type { Clock } from '../base/clock.ts'
import { SwitchError } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import { retry, RETRY } from '../base/retry.ts'
import type { SwitchEvent } from '../esl/event.ts'
import type { Uuid } from '../esl/safe-text.ts'
import type { Channel } from '../switch/channel-list.ts'
import { OWN } from '../switch/originate.ts'
import type { Switch, Switchboard } from '../switch/switchboard.ts'
import { telephonesOfUser, userOfChannel, type PhoneUser } from './phone-users.ts'

export interface ExternalCallsParts {
  readonly switchboard: Pick<Switchboard, 'switches'>
  readonly mirror: Pick<RosterMirror, 'all' | 'at'>
  readonly roster: Pick<Roster, 'occupy' | 'vacate'>
  readonly clock: Clock
  readonly log: Log
}

export class ExternalCalls implements Disposable {
  readonly #parts: ExternalCallsParts
  /** The agents at each external call, by its uuid: they are free when it ends. */
  readonly #calls = new Map<Uuid, { readonly agents: readonly string[]; readonly at: Switch }>()
  readonly #listening: Disposable[]

  constructor(parts: ExternalCallsParts) {
    this.#parts = parts
    this.#listening = parts.switchboard.switches.flatMap(one => [
      one.on('channel', event => this.#hear(one, event)),
      one.on('back', () => void this.#look(one)),
    ])
    for (const one of parts.switchboard.switches) if (one.up) void this.#look(one)
  }

  [Symbol.dispose](): void {
    for (const one of this.#listening) one[Symbol.dispose]()
  }

  #hear(at: Switch, event: SwitchEvent): void {
    const uuid = event.raw('Unique-ID') as Uuid
    if (event.name === 'CHANNEL_HANGUP') return this.#ended(uuid)
    if (event.raw(`variable_${OWN}`) !== undefined) return
    const user = userOfChannel(name => event.variable(name))
    if (user) this.#began(at, uuid, user)
  }

  #began(at: Switch, uuid: Uuid, user: PhoneUser): void {
    const { mirror, roster } = this.#parts
    const there = telephonesOfUser(user).flatMap(one => mirror.at(one))
    const agents = there.filter(agent => agentSetting(agent, 'skipWhileElsewhere')).map(({ name }) => name)
    if (agents.length === 0) return
    this.#calls.set(uuid, { agents, at })
    for (const name of agents) this.#tell(uuid, name, now => roster.occupy(name, uuid, now))
  }

  #ended(uuid: Uuid): void {
    const agents = this.#calls.get(uuid)?.agents ?? []
    this.#calls.delete(uuid)
    for (const name of agents) this.#tell(uuid, name, now => this.#parts.roster.vacate(name, uuid, now))
  }

  #tell(uuid: string, agent: string, act: (now: number) => Promise<boolean>): void {
    const { clock, log } = this.#parts
    retry(() => act(clock.now()), { clock, policy: RETRY.agentTelephone }).catch((error: unknown) =>
      log.warn(
        { uuid, agent, error: (error as Error).message },
        'the start or end of a call at an agent could not be written; reconciliation corrects it',
      ),
    )
  }

  /** Finds the calls that began or ended while this node heard nothing. */
  async #look(at: Switch): Promise<void> {
    const known = [...this.#calls].flatMap(([uuid, call]) => (call.at === at ? [uuid] : []))
    for (const [uuid, life] of await at.livesAll(known)) if (life === 'no') this.#ended(uuid)
    const agents = this.#parts.mirror.all()
    for (const channel of (await at.list())?.values() ?? []) {
      if (this.#calls.has(channel.uuid) || !agents.some(agent => mayBeAt(agent, channel))) continue
      const user = await this.#strangerAt(at, channel.uuid)
      if (user) this.#began(at, channel.uuid, user)
    }
  }

  /** The user of a channel that Switchhook has not made; null when it has, or FreeSWITCH cannot be asked. */
  async #strangerAt(at: Switch, uuid: Uuid): Promise<PhoneUser | null> {
    const ask = async (name: string) => {
      const value = await at.variable(uuid, name)
      return value === '_undef_' || value === '' ? undefined : value
    }
    try {
      const variables = new Map<string, string | undefined>()
      for (const name of [OWN, 'dialed_user', 'dialed_domain', 'sip_auth_username', 'sip_auth_realm'])
        variables.set(name, await ask(name))
      return variables.get(OWN) === undefined ? userOfChannel(name => variables.get(name)) : null
    } catch (error) {
      if (!(error instanceof SwitchError)) throw error // it has ended, or the link is down again
      return null
    }
  }
}

/** The list names a channel by the address that it has called, or by that of its caller. */
const mayBeAt = (agent: Agent, { name, presence }: Channel): boolean =>
  telephonesOf(agent).some(telephone => {
    const [user = ''] = telephone.replace('user/', '').split('@')
    return telephone.startsWith('user/') && (presence.startsWith(`${user}@`) || name.includes(`/${user}@`))
  })
