/** The dialplan as data: extensions by number and context, and the entry extension as the project's own dialplan has it. */
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

/** So many takeovers a call survives: each uses up one line. */
const SOCKET_LINES = 8

/** The context of everything that belongs to the house. */
const CONTEXT = 'switchhook'

export interface EntryOptions {
  /** Value of `switchhook_key`, by which the house knows its own legs. */
  key?: string
  /** Seconds until a node that says nothing loses the call; 15 unless said otherwise. */
  deadMansSwitch?: number
  /** The hosts take turns at being first, unless false. */
  alternating?: boolean
  /** Where the call goes then; the retry extension of the flow unless said otherwise. */
  afterwards?: string
}

/** `action('set', 'a=b')`. */
export const action = (application: string, data = ''): Action => ({ application, data })

/** What is set before the first offer. */
const BEGIN = 'socket_resume=true~playback_terminators=none~max_session_transfers=100000~media_timeout=300000~'

/** One armed `socket` line, the nth of its extension. */
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

/** The entry extension of a flow: eight armed `socket` lines, hosts alternating, then the apology. */
export function entryExtension(flow: string, hosts: readonly string[], options: EntryOptions = {}): Action[] {
  const order = (line: number) => inOrder(options.alternating === false ? 0 : line)
  const inOrder = (shift: number) => hosts.map((_, at) => `${hosts[(at + shift) % hosts.length]}/${flow}`).join('|')
  const afterwards = options.afterwards ?? `switchhook-retry-${flow}`
  const offers = Array.from({ length: SOCKET_LINES }, (_, line) => offer(line + 1, order(line), afterwards, options))
  return [...offers.flat(), action('transfer', `switchhook-sorry XML ${CONTEXT}`)]
}

/** What `switchhook_home` must look like: host:port. */
const HOME = /^[A-Za-z0-9][A-Za-z0-9.-]*:[0-9]{1,5}$/

/** The extension of a leg that belongs to a certain node: offered to that one first, then as any other. */
export function homeExtension(flow: string, home: string | undefined, options: EntryOptions = {}): Action[] {
  const entry = action('transfer', `switchhook-${flow} XML ${CONTEXT}`)
  if (!HOME.test(home ?? '')) return [entry]
  return [...offer(1, `\${switchhook_home}/${flow}`, `switchhook-${flow}`, options), entry]
}

/** What a caller gets when no node can be reached. */
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

  /** Adds an extension; those added later are asked first. */
  extension(number: string | RegExp, actions: Extension['actions'], options: { context?: string } = {}): void {
    this.#extensions.unshift({ context: options.context ?? CONTEXT, number, actions })
  }

  /** The extensions of the project's own dialplan: entry, retry and home of every flow, and the apology. */
  installEntry(hosts: readonly string[], options: EntryOptions = {}): void {
    this.extension(/^switchhook-([a-z0-9-]+)$/, match => entryExtension(match[1]!, hosts, options))
    const retry = { ...options, afterwards: 'switchhook-sorry', alternating: false }
    this.extension(/^switchhook-retry-([a-z0-9-]+)$/, match => entryExtension(match[1]!, hosts.toReversed(), retry))
    this.extension(/^switchhook-home-([a-z0-9-]+)$/, (match, variable) =>
      homeExtension(match[1]!, variable('switchhook_home'), options),
    )
    this.extension('switchhook-sorry', SORRY)
  }

  /** The actions for a number in a context; `variable` is asked for the leg's variables. */
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

/** Finds what the leg shall do next (switch_core_standard_on_routing). `inline` carries its own actions: `app:data,app:data`. */
export function route(channel: Channel): void {
  const { dialplan, destinationNumber, context, rdnis } = channel.profile.fields
  const actions =
    dialplan === 'inline'
      ? inline(destinationNumber)
      : channel.sim.dialplan.find(destinationNumber, context, name => channel.variables.get(name))
  // as inline_dialplan_hunt: the applications are no number, the leg is still where it was
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
