/**
 * A FreeSWITCH in memory with the commands for dialling: originate, uuid_exists, uuid_kill, and the events of a leg.
 * The test decides what telephones do.
 */
import { systemClock } from '../../src/base/clock.ts'
import { randomUUID } from 'node:crypto'
import { SwitchError } from '../../src/base/errors.ts'
import { Emitter } from '../../src/base/emitter.ts'
import { silentLog } from '../../src/base/log.ts'
import { Switch } from '../../src/switch/switchboard.ts'
import type { ApiText } from '../../src/esl/api.ts'
import type { Commands } from '../../src/esl/client.ts'
import { SwitchEvent } from '../../src/esl/event.ts'
import type { EventLink, LinkFacts } from '../../src/esl/events.ts'

/**
 * The behaviour of a telephone. 'answers': the leg goes to the flow, which is the test. 'rings': nothing more, until
 * the test decides. 'congested', 'no-route': the carrier refuses before anything rings; 'gateway-down': FreeSWITCH
 * does.
 */
export type Phone =
  | 'busy'
  | 'answers'
  | 'rings'
  | 'refused'
  | 'no-answer'
  | 'congested'
  | 'no-route'
  | 'rings-congested'
  | 'gateway-down'

export interface Dialled {
  readonly uuid: string
  readonly phone: string
  readonly gateway: string
  /** The number that the telephone shows; '': none was given. */
  readonly shown: string
  readonly at: number
  readonly text: string
}

export class Carrier extends Emitter<{ dialled: Dialled; answered: string }> {
  readonly core: string = randomUUID()
  readonly dialled: Dialled[] = []
  readonly legs = new Set<string>()
  /** Those of them who have answered. */
  readonly #answered = new Set<string>()
  readonly events = Object.assign(new Emitter<{ event: SwitchEvent; up: LinkFacts; down: Error }>(), {
    ask: (text: ApiText) => this.commands.run(text),
  })
  /** What `sofia status gateway` says of a gateway; UP unless it is here. */
  readonly states = new Map<string, 'UP' | 'DOWN'>()
  behaviour: (phone: string, gateway: string) => Phone = () => 'busy'

  /** One node's links to this FreeSWITCH. */
  link(name = 'fs'): Switch {
    const facts = { core: this.core, version: '1.10.12', recordings: '/tmp' }
    return new Switch({
      name,
      commands: this.commands,
      events: this.events as unknown as EventLink,
      facts,
      clock: systemClock,
      log: silentLog,
    })
  }

  readonly commands: Commands = {
    run: async text => {
      const [command, uuid = ''] = text.split(' ')
      if (command === 'uuid_exists') return String(this.legs.has(uuid))
      if (command === 'uuid_getvar') {
        if (!this.legs.has(uuid)) throw new SwitchError('SWITCH_REFUSED', '-ERR No such channel!')
        return this.#answered.has(uuid) ? 'ANSWER' : '_undef_'
      }
      if (command === 'uuid_kill') return (this.hangUp(uuid, 'ORIGINATOR_CANCEL'), '+OK')
      if (text.startsWith('sofia status gateway ')) return `Status  \t${this.states.get(text.split(' ')[3]!) ?? 'UP'}\n`
      throw new SwitchError('SWITCH_REFUSED', `the carrier of the tests does not know ${command}`)
    },
    submit: async (text, job) => {
      const uuid = /origination_uuid=([0-9a-f-]+)/.exec(text)?.[1] ?? ''
      const [, gateway = '', phone = ''] = /sofia\/gateway\/(\w+)\/(\+?\d+)/.exec(text) ?? []
      const shown = /origination_caller_id_number=(\+?\d+)/.exec(text)?.[1] ?? ''
      const dialled = { uuid, phone, gateway, shown, at: performance.now(), text }
      this.dialled.push(dialled)
      this.emit('dialled', dialled)
      setImmediate(() => this.#ring(uuid, job, this.behaviour(phone, gateway)))
    },
    close: async () => {},
  }

  /** A person answers a telephone that rings. */
  answer(uuid: string): void {
    if (!this.legs.has(uuid)) return
    this.#answered.add(uuid)
    this.#say('CHANNEL_ANSWER', uuid)
  }

  hangUp(uuid: string, cause = 'NORMAL_CLEARING'): void {
    if (this.legs.delete(uuid)) this.#say('CHANNEL_HANGUP', uuid, `Hangup-Cause: ${cause}\n`)
  }

  #ring(uuid: string, job: string, phone: Phone): void {
    if (phone === 'refused') return this.#job(job, '-ERR NORMAL_TEMPORARY_FAILURE')
    if (phone === 'gateway-down') return this.#job(job, '-ERR GATEWAY_DOWN')
    this.legs.add(uuid)
    this.#say('CHANNEL_CREATE', uuid)
    if (phone === 'busy') {
      this.hangUp(uuid, 'USER_BUSY')
      return this.#job(job, '-ERR USER_BUSY')
    }
    const cause = { congested: 'NORMAL_TEMPORARY_FAILURE', 'no-route': 'NO_ROUTE_DESTINATION' }[phone as string]
    if (cause) {
      this.legs.delete(uuid)
      const moments = ['Progress', 'Progress-Media', 'Answered'].map(at => `Caller-Channel-${at}-Time: 0\n`)
      this.#say('CHANNEL_HANGUP', uuid, `${moments.join('')}Hangup-Cause: ${cause}\n`)
      return this.#job(job, `-ERR ${cause}`)
    }
    this.#say('CHANNEL_PROGRESS', uuid)
    if (phone === 'rings-congested') return this.hangUp(uuid, 'NORMAL_TEMPORARY_FAILURE')
    if (phone === 'no-answer') return this.hangUp(uuid, 'NO_ANSWER')
    if (phone !== 'answers') return
    this.answer(uuid)
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
