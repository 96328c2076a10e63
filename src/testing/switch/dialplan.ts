/** The dialplan as data: extensions by number and context, and the entry extensions of the project's dialplan/. */
import type { Action, Channel } from './channel.ts'
import { bracketed, separate } from './separate.ts'

export type { Action }

export interface Extension {
  readonly context: string
  readonly number: string | RegExp
  readonly actions:
    | readonly Action[]
    | ((match: RegExpExecArray, variable: (name: string) => string | undefined) => readonly Action[])
}

/** Number of `socket` lines. Each takeover uses one line, so a call survives so many takeovers. */
const SOCKET_LINES = 8

/** The context of all extensions of Switchhook. */
const CONTEXT = 'switchhook'

export interface EntryOptions {
  /** Value of `switchhook_key`, by which Switchhook recognises its own legs. */
  key?: string
  /** The watchdog: seconds until a silent node loses the call. Default 15. */
  deadMansSwitch?: number
  /** Each `socket` line begins with the next host. Default true. */
  alternating?: boolean
  /** The extension to which the watchdog transfers the call. Default: the retry extension of the flow. */
  afterwards?: string
}

/** One line of an extension: `action('set', 'a=b')`. */
export const action = (application: string, data = ''): Action => ({ application, data })

/** Variables that are set before the first `socket` line. */
const BEGIN = 'socket_resume=true~playback_terminators=none~max_session_transfers=100000~media_timeout=300000~'

/** The nth `socket` line of an extension, with its watchdog. */
function offer(nth: number, hosts: string, afterwards: string, options: EntryOptions): Action[] {
  const first = nth === 1
  return [
    ...(first
      ? [action('sched_cancel'), action('sched_hangup', '+14400 ALLOTTED_TIMEOUT')]
      : [action('sched_cancel', '${last_sched_id}')]),
    action('multiset', `^^~${first ? BEGIN : ''}switchhook_key=${options.key ?? ''}~switchhook_offer=${nth}`),
    action('sched_transfer', `+${options.deadMansSwitch ?? 15} ${afterwards} XML ${CONTEXT}`),
    action('socket', `${hosts} async full`),
  ]
}

/** The entry extension of a flow: eight `socket` lines with a watchdog each, hosts alternating, then the apology. */
export function entryExtension(flow: string, hosts: readonly string[], options: EntryOptions = {}): Action[] {
  const order = (line: number) => inOrder(options.alternating === false ? 0 : line)
  const inOrder = (shift: number) => hosts.map((_, at) => `${hosts[(at + shift) % hosts.length]}/${flow}`).join('|')
  const afterwards = options.afterwards ?? `switchhook-retry-${flow}`
  const offers = Array.from({ length: SOCKET_LINES }, (_, line) => offer(line + 1, order(line), afterwards, options))
  return [...offers.flat(), action('transfer', `switchhook-sorry XML ${CONTEXT}`)]
}

/** Format of `switchhook_home`: host:port. */
const HOME = /^[A-Za-z0-9][A-Za-z0-9.-]*:[0-9]{1,5}$/

/** The extension of a leg that a certain node owns: FreeSWITCH offers it to that node first, then as any other call. */
export function homeExtension(flow: string, home: string | undefined, options: EntryOptions = {}): Action[] {
  const entry = action('transfer', `switchhook-${flow} XML ${CONTEXT}`)
  if (!HOME.test(home ?? '')) return [entry]
  return [...offer(1, `\${switchhook_home}/${flow}`, `switchhook-${flow}`, options), entry]
}

/** The apology: the extension of a caller for whom no node can be reached. */
const SORRY: readonly Action[] = [
  action('sched_cancel'),
  action('sched_hangup', '+14400 ALLOTTED_TIMEOUT'),
  action('unset', 'transfer_after_bridge'),
  action('set', 'socket_resume=false'),
  action('answer'),
  action('playback', 'switchhook/sorry.wav'),
  action('hangup', 'NORMAL_TEMPORARY_FAILURE'),
]

export class Dialplan {
  readonly #extensions: Extension[] = []

  /** Adds an extension. A later one has precedence over an earlier one. */
  extension(number: string | RegExp, actions: Extension['actions'], options: { context?: string } = {}): void {
    this.#extensions.unshift({ context: options.context ?? CONTEXT, number, actions })
  }

  /** Adds the extensions of the project's dialplan/: entry, retry and home of every flow, and the apology. */
  installEntry(hosts: readonly string[], options: EntryOptions = {}): void {
    this.extension(/^switchhook-([a-z0-9-]+)$/, match => entryExtension(match[1]!, hosts, options))
    const retry = { ...options, afterwards: 'switchhook-sorry', alternating: false }
    this.extension(/^switchhook-retry-([a-z0-9-]+)$/, match => entryExtension(match[1]!, hosts.toReversed(), retry))
    this.extension(/^switchhook-home-([a-z0-9-]+)$/, (match, variable) =>
      homeExtension(match[1]!, variable('switchhook_home'), options),
    )
    this.extension('switchhook-sorry', SORRY)
  }

  /** The actions for a number in a context; undefined when there is none. `variable` returns the leg's variables. */
  find(
    number: string,
    context: string,
    variable: (name: string) => string | undefined = () => undefined,
  ): readonly Action[] | undefined {
    for (const extension of this.#extensions) {
      if (extension.context !== context) continue
      const match =
        typeof extension.number === 'string'
          ? extension.number === number
            ? /[^]*/.exec(number)
            : null
          : extension.number.exec(number)
      if (match) return typeof extension.actions === 'function' ? extension.actions(match, variable) : extension.actions
    }
    return undefined
  }
}

/**
 * Finds the next actions of a leg (switch_core_standard_on_routing). The dialplan `inline` has its actions in the
 * number: `app:data,app:data`.
 */
export function route(channel: Channel): void {
  const { dialplan, destinationNumber, context, rdnis } = channel.profile.fields
  const actions =
    dialplan === 'inline'
      ? inline(destinationNumber)
      : channel.sim.dialplan.find(destinationNumber, context, name => channel.variables.get(name))
  // as inline_dialplan_hunt: the list of applications is not a number, so the leg keeps its previous one
  if (dialplan === 'inline') channel.profile.change({ destinationNumber: rdnis, rdnis: '' })
  if (!actions) return channel.hangUp('NO_ROUTE_DESTINATION')
  channel.extension = actions
  channel.step = 0
  channel.setState('CS_EXECUTE')
}

function inline(text: string): Action[] {
  const rest = bracketed(text, '{', '}')?.rest ?? text
  return separate(rest, ',', 128).map(line => {
    const colon = line.indexOf(':')
    return colon < 0 ? action(line) : action(line.slice(0, colon), line.slice(colon + 1))
  })
}
