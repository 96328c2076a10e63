/**
 * Reads the Arrival of a leg from the channel data that FreeSWITCH sends in reply to `connect`. Used by Door
 * (call/entry.ts).
 */
import { HeaderNames, type Headers } from '../esl/event.ts'
import { uuid, type Uuid } from '../esl/safe-text.ts'
import { millis } from '../switch/switch-time.ts'
import type { Arrival } from '../journal/arrival.ts'

/** The path of legs that Switchhook dials and that wait for the flow that dialled them. */
export const LEG_PATH = 'leg'

/** The Arrival of a leg that Switchhook dials, before the leg arrives. */
export const arrivalOfLeg = (leg: Uuid, core: string): Arrival => ({
  uuid: leg,
  path: LEG_PATH,
  from: '',
  fromName: '',
  to: '',
  direction: 'out',
  answered: true,
  core,
  socketResume: true,
  key: '',
})

/** How carriers and FreeSWITCH (0000000000, its default) write a number that is withheld. */
const WITHHELD = /^(anonymous|unknown|restricted|unavailable|private|0{4,})$/i

const VARIABLES = [
  'origination_caller_id_number',
  'switchhook_dialled',
  'socket_path',
  'current_application',
  'last_sched_id',
  'last_bridge_to',
  'bridge_hangup_cause',
  'switchhook_aside',
  'switchhook_conference',
  'switchhook_parent',
  'switchhook_agent',
  'switchhook_customer',
  'park_after_bridge',
  'socket_resume',
  'switchhook_key',
] as const
const READ = new HeaderNames(
  'Unique-ID',
  'Core-UUID',
  'Call-Direction',
  'Answer-State',
  'Caller-Caller-ID-Number',
  'Caller-Caller-ID-Name',
  'Caller-Destination-Number',
  'Event-Date-Timestamp',
  'Caller-Channel-Created-Time',
  'Caller-Channel-Answered-Time',
  'Caller-Profile-Created-Time',
  ...VARIABLES.map(name => `variable_${name}`),
)

/** Throws InputError when the peer names no leg. */
export function readArrival(headers: Headers): Arrival {
  const data = READ.in(headers)
  const direction = data.get('Call-Direction') === 'outbound' ? 'out' : 'in'
  // An originated leg has its numbers exchanged when it enters a dialplan: its caller id number is the number dialled
  // (measured).
  const shown = data.get('Caller-Caller-ID-Number') ?? ''
  const person = WITHHELD.test(shown) ? '' : shown
  const us =
    direction === 'out'
      ? (variable(data, 'origination_caller_id_number') ?? '')
      : (data.get('Caller-Destination-Number') ?? '')
  const task = variable(data, 'last_sched_id')
  const partner = variable(data, 'last_bridge_to')
  const parent = variable(data, 'switchhook_parent')
  const [agent, customer] = [variable(data, 'switchhook_agent'), variable(data, 'switchhook_customer')]
  const toldAt = millis(data.get('Event-Date-Timestamp'))
  const since = (moment: string) => sinceThen(toldAt, millis(data.get(moment)))
  const [age, answeredFor] = [since('Caller-Channel-Created-Time'), since('Caller-Channel-Answered-Time')]
  const sentFor = since('Caller-Profile-Created-Time')
  return {
    uuid: uuid(own(data.get('Unique-ID') ?? '')),
    path: own(variable(data, 'socket_path') ?? ''),
    from: own(person),
    fromName: direction === 'in' ? own(data.get('Caller-Caller-ID-Name') ?? '') : '',
    // the routing sample sets switchhook_dialled: when a caller reaches the entry extension, the destination is that
    // extension
    to: own(variable(data, 'switchhook_dialled') ?? us),
    direction,
    answered: data.get('Answer-State') === 'answered',
    idle: variable(data, 'current_application') === 'socket',
    core: own(data.get('Core-UUID') ?? ''),
    ...(partner === undefined
      ? {}
      : { lastTalk: { with: own(partner), cause: own(variable(data, 'bridge_hangup_cause') ?? '') } }),
    ...asideIn(variable(data, 'switchhook_aside')),
    ...(variable(data, 'switchhook_conference') === 'true' && { conferred: true }),
    ...(parent === undefined ? {} : { parent: own(parent) }),
    ...(toldAt > 0 && { toldAt }),
    ...(age === undefined ? {} : { age }),
    ...(answeredFor === undefined ? {} : { answeredFor }),
    ...(sentFor === undefined ? {} : { sentFor }),
    ...(variable(data, 'park_after_bridge') === 'true' && { isNailedUp: true }),
    ...(agent === undefined ? {} : { agent: own(agent) }),
    ...(customer === undefined ? {} : { customer: own(customer) }),
    socketResume: variable(data, 'socket_resume') !== 'false',
    ...(task !== undefined && /^\d{1,9}$/.test(task) ? { deadMansSwitch: Number(task) } : {}),
    key: own(variable(data, 'switchhook_key') ?? ''),
  }
}

/** The legs in switchhook_aside, 'partner:consulted'. */
function asideIn(value: string | undefined): Pick<Arrival, 'aside'> {
  const [, partner, consulted] = /^([0-9a-f-]{36}):([0-9a-f-]{36})?$/.exec(value ?? '') ?? []
  if (partner === undefined) return {}
  return { aside: { partner: own(partner), consulted: consulted === undefined ? null : own(consulted) } }
}

const variable = (data: ReadonlyMap<string, string>, name: (typeof VARIABLES)[number]): string | undefined =>
  data.get(`variable_${name}`)

/**
 * Did a node drive this leg before, or was it offered to one? Cheap, because it is asked of hundreds of legs at once.
 * (Outbound legs are answered when they arrive first.)
 */
export const wasDriven = (data: Headers): boolean =>
  (data.raw('variable_switchhook_offer') ?? '1') !== '1' ||
  (data.raw('Answer-State') === 'answered' && data.raw('Call-Direction') === 'inbound')

/** Undefined for what has not happened: FreeSWITCH writes 0. */
const sinceThen = (now: number, then: number): number | undefined =>
  now > 0 && then > 0 ? Math.max(0, now - then) : undefined

/**
 * Copies a part of a text: a slice keeps the whole text alive (V8), 7 kB as long as the call lasts or its uuid is kept
 * anywhere.
 */
const own = (part: string): string => ` ${part}`.slice(1)
