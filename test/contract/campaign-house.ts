/** A campaign's half of the house around a switch in memory: real PostgreSQL and Redis, a carrier that does what a test says. */
import { randomUUID } from 'node:crypto'
import type { TestContext } from 'node:test'
import { MemoryAgents } from '../../src/agent/memory-roster.ts'
import { rosterOver, type Roster } from '../../src/agent/roster.ts'
import { systemClock } from '../../src/base/clock.ts'
import { SwitchError } from '../../src/base/errors.ts'
import { Emitter } from '../../src/base/events.ts'
import { silentLog } from '../../src/base/log.ts'
import { Switch, Switchboard } from '../../src/call/switchboard.ts'
import { Attempts } from '../../src/campaign/attempt.ts'
import { Bell } from '../../src/campaign/bell.ts'
import { campaignFrom } from '../../src/campaign/campaign.ts'
import { Capacity } from '../../src/campaign/capacity.ts'
import type { DialerHouse } from '../../src/campaign/dialer.ts'
import { Floor } from '../../src/campaign/floor.ts'
import { LeadDesk } from '../../src/campaign/lead.ts'
import type { Commands } from '../../src/esl/client.ts'
import { SwitchEvent } from '../../src/esl/event.ts'
import type { EventLink, LinkFacts } from '../../src/esl/events.ts'
import { moveCampaign, putCampaign } from '../../src/store/campaigns.ts'
import { addLead } from '../../src/store/leads.ts'
import { openRedisClient } from '../../src/store/redis.ts'
import { openDatabase, openRedis } from '../open-services.ts'

/** What a phone does. 'answers': the leg goes to the flow, which is the test. 'rings': nothing, until the test says more. */
export type Phone = 'busy' | 'answers' | 'rings' | 'refused' | 'no-answer'

export interface Dialled {
  readonly uuid: string
  readonly phone: string
  readonly at: number
  readonly text: string
}

export class Carrier extends Emitter<{ dialled: Dialled; answered: string }> {
  readonly core: string = randomUUID()
  readonly dialled: Dialled[] = []
  readonly legs = new Set<string>()
  readonly events = new Emitter<{ event: SwitchEvent; up: LinkFacts; down: Error }>()
  behaviour: (phone: string) => Phone = () => 'busy'

  /** One node's way to this switch. */
  link(name = 'fs'): Switch {
    const facts = { core: this.core, version: '1.10.12', recordings: '/tmp' }
    return new Switch({ name, commands: this.commands, events: this.events as unknown as EventLink, facts, log: silentLog })
  }

  readonly commands: Commands = {
    run: async text => {
      const [command, uuid = ''] = text.split(' ')
      if (command === 'uuid_exists') return String(this.legs.has(uuid))
      if (command === 'uuid_kill') return this.hangUp(uuid, 'ORIGINATOR_CANCEL'), '+OK'
      throw new SwitchError('SWITCH_REFUSED', `the carrier of the tests does not know ${command}`)
    },
    submit: async (text, job) => {
      const uuid = /origination_uuid=([0-9a-f-]+)/.exec(text)?.[1] ?? ''
      const phone = /sofia\/gateway\/\w+\/(\+?\d+)/.exec(text)?.[1] ?? ''
      const dialled = { uuid, phone, at: performance.now(), text }
      this.dialled.push(dialled)
      this.emit('dialled', dialled)
      setImmediate(() => this.#ring(uuid, job, this.behaviour(phone)))
    },
    close: async () => {},
  }

  hangUp(uuid: string, cause = 'NORMAL_CLEARING'): void {
    if (this.legs.delete(uuid)) this.#say('CHANNEL_HANGUP', uuid, `Hangup-Cause: ${cause}\n`)
  }

  #ring(uuid: string, job: string, phone: Phone): void {
    if (phone === 'refused') return this.#job(job, '-ERR NORMAL_TEMPORARY_FAILURE')
    this.legs.add(uuid)
    this.#say('CHANNEL_CREATE', uuid)
    if (phone === 'busy') {
      this.hangUp(uuid, 'USER_BUSY')
      return this.#job(job, '-ERR USER_BUSY')
    }
    this.#say('CHANNEL_PROGRESS', uuid)
    if (phone === 'no-answer') return this.hangUp(uuid, 'NO_ANSWER')
    if (phone !== 'answers') return
    this.#say('CHANNEL_ANSWER', uuid)
    this.#job(job, `+OK ${uuid}`)
    this.emit('answered', uuid)
  }

  #say(name: string, uuid: string, more = ''): void {
    this.events.emit('event', new SwitchEvent(`Event-Name: ${name}\nUnique-ID: ${uuid}\n${more}`))
  }

  #job(job: string, body: string): void {
    this.events.emit('event', new SwitchEvent(`Event-Name: BACKGROUND_JOB\nJob-UUID: ${job}\n\n${body}\n`))
  }
}

export async function openCampaignHouse(t: TestContext, limits = { lines: 1_000, cps: 1_000 }) {
  const { sql } = await openDatabase(t)
  const { client, address } = await openRedis(t)
  const carrier = new Carrier()
  const roster: Roster = rosterOver(new MemoryAgents())
  const prefix = `test:${'db' in address ? address.db : 0}:${randomUUID()}:`

  /** A process of the house: its own links, everything else shared. */
  async function node(name: string): Promise<DialerHouse & { home: ConstructorParameters<typeof Bell>[0] }> {
    const commands = await openRedisClient(address)
    const subscriber = await openRedisClient(address, { kind: 'subscriber' })
    const home = { commands, subscriber, prefix }
    const switchboard = new Switchboard()
    switchboard.add(carrier.link())
    const [clock, log] = [systemClock, silentLog]
    const capacity = new Capacity(home, limits)
    const leads = new LeadDesk({ sql, capacity, clock, log })
    const attempts = new Attempts({ leads, clock, log, gateway: 'carrier' })
    const floor = new Floor(roster, clock, log)
    t.after(() => {
      floor.close()
      attempts.close()
      commands.disconnect()
      subscriber.disconnect()
    })
    return { leads, attempts, capacity, bell: new Bell(home), floor, switchboard, clock, log, node: name, gateway: 'carrier', home }
  }

  /** Agents who are on the line and ready. */
  async function agents(count: number, queue = 'sales'): Promise<string[]> {
    const names = Array.from({ length: count }, (_, n) => `${queue}-${n}`)
    for (const name of names) {
      const now = systemClock.now()
      await roster.put({ name, endpoint: 'user/1001', wrapUpMs: 0, ringForMs: 20_000, queues: [{ queue, level: 1, position: 1 }] }, now)
      await roster.nail(name, { leg: randomUUID(), node: 'a' }, now)
      await roster.setStatus(name, 'ready', now)
    }
    return names
  }

  async function campaign(settings: Partial<Parameters<typeof campaignFrom>[0]> = {}, leads = 0) {
    const draft = await putCampaign(sql, campaignFrom({ name: 'spring', queue: 'sales', maxLines: 1_000, cps: 1_000, ...settings }))
    const running = await moveCampaign(sql, draft.id, ['draft'], 'running', systemClock.now())
    for (let n = 0; n < leads; n++) await addLead(sql, draft.id, `+49170${10_000 + n}`, {}, systemClock.now())
    return running!
  }

  return { sql, client, carrier, roster, node, agents, campaign }
}

/** Waits for something that changes with the carrier's calls; looks at every call and every 20 ms, for at most 20 s. */
export async function until<T>(what: () => Promise<T> | T): Promise<NonNullable<T>> {
  for (const began = performance.now(); performance.now() - began < 20_000; ) {
    const value = await what()
    if (value) return value as NonNullable<T>
    await new Promise(resolve => setTimeout(resolve, 20))
  }
  throw new Error('it did not happen within 20 s')
}
