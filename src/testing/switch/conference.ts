/** Conferences: the application, the api command, and who hears whom (mod_conference, as far as Switchhook uses it). */
import type { Api } from './api/index.ts'
import type { Application } from './apps/application.ts'
import type { Channel } from './channel.ts'

export class Conference {
  readonly name: string
  readonly members = new Map<Channel, number>()
  /** The flag `mintwo` of a member: the conference ends when fewer are left, once so many were there. */
  #min = 0
  #enforces = false

  constructor(name: string) {
    this.name = name
  }

  enter(channel: Channel, flags: string): void {
    if (flags.split('|').includes('mintwo')) this.#min = 2
    channel.sim.conferenceMembers++
    this.members.set(channel, channel.sim.conferenceMembers)
    if (this.#min > 0 && this.members.size >= this.#min) this.#enforces = true
    channel.variables.set('conference_name', this.name)
  }

  leave(channel: Channel): void {
    if (!this.members.delete(channel)) return
    const isOver = this.members.size === 0 || (this.#enforces && this.members.size < this.#min)
    if (!isOver) return
    channel.sim.conferences.delete(this.name)
    for (const member of this.members.keys()) {
      if (member.variables.get('hangup_after_conference') !== 'false') member.hangUp('NORMAL_CLEARING')
      this.kick(member)
    }
  }

  kick(channel: Channel): void {
    this.leave(channel)
    channel.pulse.poke()
  }
}

export const conferenceApplications: Record<string, Application> = {
  async conference(channel, data) {
    const [, name = '', flags = ''] = /^([^@+]+)(?:@[^+]*)?(?:\+flags\{([^}]*)\})?$/.exec(data) ?? []
    const { conferences } = channel.sim
    const one = conferences.get(name) ?? new Conference(name)
    conferences.set(name, one)
    one.enter(channel, flags)
    while (channel.ready && one.members.has(channel)) await channel.pulse.rest(Infinity)
    one.leave(channel)
  },
}

export const conferenceApi: Record<string, Api> = {
  conference(sim, argument) {
    const [name = '', what, whom] = argument.split(' ')
    const one = sim.conferences.get(name)
    if (!one) return `-ERR Conference ${name} not found\n`
    if (what === 'list')
      return [...one.members]
        .map(([{ uuid, name: channel }, id]) => `${id};${channel};${uuid};;;hear|speak;0;0;100\n`)
        .join('')
    if (what !== 'kick' || whom !== 'all') {
      sim.unknown.push(`api conference ${what} ${whom}`)
      return '-ERR Invalid command\n'
    }
    const all = [...one.members]
    for (const [member] of all) one.kick(member)
    return all.map(([, id]) => `+OK kicked ${id}\n`).join('')
  },
}
