/**
 * Reads callcenter.conf.xml, the configuration of mod_callcenter: its queues, agents and tiers as settings of
 * Switchhook. Pure: nothing is written here. Each parameter is taken over, or named in `notTaken` with the reason. The
 * meanings and defaults are those of mod_callcenter 1.10.
 */
import { XMLParser, XMLValidator } from 'fast-xml-parser'
import { z } from 'zod'
import { AGENT_SETTINGS, checkName, checkSettings, type AgentSettings, type Tier } from '../../agent/settings.ts'
import { FieldFaults, InputError } from '../../base/errors.ts'
import { readInput } from '../../base/parsed.ts'
import { givenIn, inputFields } from '../../base/settings.ts'
import { endpoint } from '../../esl/safe-text.ts'
import { QUEUE_SETTINGS, type QueueSettings } from '../../queue/settings.ts'
import { DEFAULT_STRATEGY, strategyNames } from '../../queue/strategies.ts'

interface NotTaken {
  /** 'queue support', 'agent 1000', 'settings'. */
  readonly of: string
  readonly parameter: string
  readonly value: string
  readonly why: string
}

export interface CallcenterConfig {
  readonly queues: readonly QueueSettings[]
  readonly agents: readonly AgentSettings[]
  readonly notTaken: readonly NotTaken[]
}

type Attributes = Readonly<Record<string, string>>
/** Parameters by name, without those that were read. */
type Parameters = Map<string, string>

/**
 * @throws InputError (BAD_INPUT) for a text that is not XML, with the line, and for one without
 * `<configuration name="callcenter.conf">`
 */
export function readCallcenterConfig(text: string): CallcenterConfig {
  const valid = XMLValidator.validate(text)
  if (valid !== true) throw new InputError(`the file is not XML: line ${valid.err.line}: ${valid.err.msg}`)
  const document: unknown = new XMLParser(PARSED).parse(text)
  const root = elements(document, 'configuration').find(one => attributesOf(one)['name'] === 'callcenter.conf')
  if (!root) throw new InputError('the file has no <configuration name="callcenter.conf">')
  return new Reader().read(root)
}

/** Every element as a list, all values as texts. A file of configuration has no entities but the five of XML. */
const PARSED = {
  ignoreAttributes: false,
  attributeNamePrefix: '',
  attributesGroupName: '@',
  parseAttributeValue: false,
  parseTagValue: false,
  processEntities: true,
  isArray: (_name: string, _path: unknown, _leaf: boolean, isAttribute: boolean) => !isAttribute,
} as const

class Reader {
  readonly #notTaken: NotTaken[] = []
  /** What a queue of mod_callcenter decides about its agents, by the name of the queue. */
  readonly #ofAgents = new Map<string, Record<string, string>>()

  read(root: unknown): CallcenterConfig {
    for (const [parameter, value] of parametersOf(elements(root, 'settings')[0]))
      this.#skip('settings', parameter, value, GLOBAL[parameter] ?? 'it is no parameter of mod_callcenter')
    const queues = within(root, 'queues', 'queue').flatMap(one => this.#queue(one) ?? [])
    const tiers = within(root, 'tiers', 'tier').flatMap(one => this.#tier(one) ?? [])
    const agents = within(root, 'agents', 'agent').flatMap(one => this.#agent(one, tiers) ?? [])
    for (const { agent, queue } of tiers) {
      if (!agents.some(({ name }) => name === agent))
        this.#skip(`tier of ${agent} in ${queue}`, 'agent', agent, 'there is no such agent in the file')
      if (!queues.some(({ name }) => name === queue))
        this.#skip(`tier of ${agent} in ${queue}`, 'queue', queue, 'there is no such queue in the file')
    }
    return { queues, agents, notTaken: this.#notTaken }
  }

  #queue(element: unknown): QueueSettings | null {
    const name = queueName(attributesOf(element)['name'] ?? '')
    const of = `queue ${name}`
    return this.#unless(of, 'name', name, () => {
      checkName('queue', name)
      const given = parametersOf(element)
      const take = (parameter: string) => {
        const value = given.get(parameter)
        given.delete(parameter)
        return value
      }
      const seconds = (parameter: string) => this.#seconds(of, parameter, take(parameter))
      const isTrue = (parameter: string, standard: boolean) => trueIn(take(parameter), standard)
      const strategy = this.#strategy(of, take('strategy'))
      const [announces, every] = [take('announce-sound'), seconds('announce-frequency')]
      const [hasRules, wait, multiplies, skipsEmpty] = [
        isTrue('tier-rules-apply', false),
        seconds('tier-rule-wait-second'),
        isTrue('tier-rule-wait-multiply-level', false),
        isTrue('tier-rule-no-agent-no-wait', true),
      ]
      const [resumes, discard] = [isTrue('abandoned-resume-allowed', false), seconds('discard-abandoned-after')]
      this.#ofAgents.set(name, {
        afterMaxNoAnswers: take('agent-no-answer-status') === 'Logged Out' ? 'logged-out' : 'break',
        skipWhileElsewhere: isTrue('skip-agents-with-external-calls', true) ? 'yes' : 'no',
      })
      const settings = {
        musicOnHold: this.#sound(of, 'moh-sound', take('moh-sound')),
        announceSound: announces === undefined ? undefined : this.#sound(of, 'announce-sound', announces),
        // mod_callcenter says nothing unless it was told to
        announceEvery: announces !== undefined && every !== undefined && every !== '0s' ? every : '0s',
        announcePosition: 'no',
        timeBaseScore: take('time-base-score') ?? 'queue',
        ringProgressivelyDelay: seconds('ring-progressively-delay'),
        ...(hasRules && { tierWait: wait, tierWaitMultiplies: multiplies, tierSkipsEmpty: skipsEmpty }),
        maxWait: seconds('max-wait-time'),
        maxWaitWithoutAgents: seconds('max-wait-time-with-no-agent'),
        withoutAgentsGrace: seconds('max-wait-time-with-no-agent-time-reached'),
        ...(resumes && { resumeWithin: discard ?? '60s' }),
      }
      for (const [parameter, value] of given)
        this.#skip(of, parameter, value, OF_QUEUE[parameter] ?? 'it is no parameter of mod_callcenter')
      return { name, strategy, ...this.#usable(of, QUEUE_SETTINGS, settings) }
    })
  }

  #agent(element: unknown, tiers: readonly (Tier & { readonly agent: string })[]): AgentSettings | null {
    const { name = '', type = 'Callback', contact = '', status, ...given } = attributesOf(element)
    const of = `agent ${name}`
    if (type.toLowerCase() !== 'callback') {
      this.#skip(of, 'type', type, 'such an agent has no telephone of their own; see staysOnLine of an agent')
      return null
    }
    if (status !== undefined)
      this.#skip(of, 'status', status, 'agents log in themselves, or by `switchhook agent ready NAME`')
    return this.#unless(of, 'contact', contact, () => {
      const queues = tiers.filter(one => one.agent === name).map(({ agent: _agent, ...tier }) => tier)
      const { telephone, ringForMs, autoAnswers } = this.#contact(of, contact)
      const rest = new Map(Object.entries(given))
      const take = (parameter: string) => {
        const value = rest.get(parameter)
        rest.delete(parameter)
        return value
      }
      const seconds = (parameter: string) => this.#seconds(of, parameter, take(parameter))
      const settings = {
        maxNoAnswers: numberIn(take('max-no-answer')),
        restAfterDeclined: seconds('reject-delay-time'),
        restAfterBusy: seconds('busy-delay-time'),
        restAfterNoAnswer: seconds('no-answer-delay-time'),
        ...(autoAnswers && { autoAnswer: 'yes' }),
        ...this.#ofAgents.get(queues[0]?.queue ?? ''),
      }
      const wrapUpMs = Number(take('wrap-up-time') ?? 0) * 1_000
      for (const [parameter, value] of rest)
        this.#skip(of, parameter, value, 'it is no parameter of an agent of mod_callcenter')
      const agent = { name, endpoint: telephone, wrapUpMs, ringForMs, queues }
      checkSettings(agent)
      return { ...agent, ...this.#usable(of, AGENT_SETTINGS, settings) }
    })
  }

  #tier(element: unknown): (Tier & { readonly agent: string }) | null {
    const { agent = '', queue = '', level = '1', position = '1', state } = attributesOf(element)
    const of = `tier of ${agent} in ${queueName(queue)}`
    if (state !== undefined) this.#skip(of, 'state', state, 'it is what an agent does now, and not a setting')
    const at = { agent, queue: queueName(queue), level: Number(level), position: Number(position) }
    if (at.level >= 1 && at.position >= 1) return at
    this.#skip(of, 'level and position', `${level}, ${position}`, 'both start at 1; 1 and 1 are taken')
    return { ...at, level: 1, position: 1 }
  }

  #strategy(of: string, given: string | undefined): string {
    if (given === undefined) return DEFAULT_STRATEGY
    const known = strategyNames().find(name => name === given.toLowerCase())
    if (known !== undefined) return known
    // mod_callcenter takes every unknown name for this one
    this.#skip(
      of,
      'strategy',
      given,
      'mod_callcenter does not know it; sequentially-by-agent-order is taken, as it does',
    )
    return 'sequentially-by-agent-order'
  }

  /** A dial string such as '{call_timeout=20}user/1000': the telephone, and the variables that Switchhook knows. */
  #contact(of: string, contact: string): { telephone: string; ringForMs: number; autoAnswers: boolean } {
    const variables = [...contact.matchAll(/[{[]([^}\]]*)[}\]]/g)].flatMap(([, list = '']) => list.split(','))
    let ringForMs = 60_000 // agent-originate-timeout
    let autoAnswers = false
    for (const variable of variables.map(one => one.trim()).filter(one => one !== '')) {
      const [name = '', value = ''] = variable.split('=', 2)
      if (/^(call|leg|originate)_timeout$/.test(name) && /^\d+$/.test(value)) ringForMs = Number(value) * 1_000
      else if (name === 'sip_auto_answer') autoAnswers = value === 'true'
      else this.#skip(of, `contact: ${name}`, value, 'a variable of the agent’s leg; Switchhook sets its own')
    }
    const telephones = contact.replace(/[{[][^}\]]*[}\]]/g, '').trim()
    return { telephone: telephones.split(',').map(endpoint).join(','), ringForMs, autoAnswers }
  }

  #seconds(of: string, parameter: string, value: string | undefined): string | undefined {
    if (value === undefined) return undefined
    if (/^\d+$/.test(value)) return `${Number(value)}s`
    this.#skip(of, parameter, value, 'it is not a number of seconds')
    return undefined
  }

  #sound(of: string, parameter: string, value: string | undefined): string | undefined {
    if (value === undefined || value === '') return undefined
    if (!value.includes('$${')) return value
    this.#skip(of, parameter, value, 'the variable is in another file of FreeSWITCH: give its value')
    return undefined
  }

  /** The settings that can be used; those that cannot are named. */
  #usable<All extends typeof QUEUE_SETTINGS | typeof AGENT_SETTINGS>(
    of: string,
    all: All,
    input: Readonly<Record<string, unknown>>,
  ) {
    const fields = inputFields(all as typeof QUEUE_SETTINGS)
    const kept: Record<string, unknown> = {}
    for (const [name, value] of Object.entries(input)) {
      if (value === undefined) continue
      try {
        Object.assign(kept, readInput(z.object({ [name]: fields[name as keyof typeof fields] }), { [name]: value }))
      } catch (error) {
        if (!(error instanceof FieldFaults)) throw error
        this.#skip(of, name, String(value), error.faults.map(fault => fault.message).join('; '))
      }
    }
    return givenIn(all, kept)
  }

  /** Null, and it is named, for a thing that cannot be used as a whole. */
  #unless<T>(of: string, parameter: string, value: string, work: () => T): T | null {
    try {
      return work()
    } catch (error) {
      if (!(error instanceof InputError)) throw error
      this.#skip(of, parameter, value, `it is left out: ${error.message}`)
      return null
    }
  }

  #skip(of: string, parameter: string, value: string, why: string): void {
    this.#notTaken.push({ of, parameter, value, why })
  }
}

/** Why parameters of mod_callcenter have no place here. */
const STORE = 'all nodes share PostgreSQL and Redis (DATABASE_URL, REDIS_URL)'
const GLOBAL: Readonly<Record<string, string>> = {
  'odbc-dsn': STORE,
  dbname: STORE,
  'cc-instance-id': STORE,
  'global-database-lock': STORE,
  'reserve-agents': 'every agent is reserved before the telephone rings',
  'truncate-tiers-on-load': 'nothing is loaded again: a change holds at once',
  'truncate-agents-on-load': 'nothing is loaded again: a change holds at once',
  'agent-originate-timeout': 'the ring time is a setting of each agent (ringFor)',
  debug: 'the log has LOG_LEVEL',
}
const OF_QUEUE: Readonly<Record<string, string>> = {
  'record-template': 'the flow decides what is recorded, and the file: call.recording()',
}

/** 'support@default' is the queue support: default is what mod_callcenter's samples have. */
const queueName = (name: string): string => name.replace(/@default$/, '')

const trueIn = (value: string | undefined, standard: boolean): boolean =>
  value === undefined ? standard : ['true', 'yes', 'on', '1'].includes(value.toLowerCase())

const numberIn = (value: string | undefined): number | undefined => (value === undefined ? undefined : Number(value))

/** The child elements of this name. */
function elements(parent: unknown, name: string): readonly unknown[] {
  if (typeof parent !== 'object' || parent === null) return []
  const found = (parent as Record<string, unknown>)[name]
  if (Array.isArray(found)) return found
  // a whole configuration of FreeSWITCH has its configurations within a section
  return name === 'configuration'
    ? ['document', 'section'].flatMap(outer => elements(parent, outer)).flatMap(one => elements(one, name))
    : []
}

const within = (root: unknown, list: string, name: string): readonly unknown[] =>
  elements(root, list).flatMap(one => elements(one, name))

const attributesOf = (element: unknown): Attributes =>
  typeof element === 'object' && element !== null
    ? (((element as Record<string, unknown>)['@'] ?? {}) as Attributes)
    : {}

const parametersOf = (element: unknown): Parameters =>
  new Map(elements(element, 'param').map(one => [attributesOf(one)['name'] ?? '', attributesOf(one)['value'] ?? '']))
