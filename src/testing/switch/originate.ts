/** Outbound calls: dial strings and parallel legs, of which the first to answer wins (switch_ivr_originate). */
import type { Channel } from './channel.ts'
import { integer, isTrue } from './encoding.ts'
import { Pulse, REACTION_MS } from './pulse.ts'
import { bracketed, separate } from './separate.ts'
import { outgoingProfile, outgoingVariables } from './sip.ts'
import type { SimulatedSwitch } from './simulated-switch.ts'
import { live } from './thread.ts'
import type { Place } from './world.ts'

export interface Dialled {
  /** The leg that answered, or that has early media when ignore_early_media is not set. */
  readonly leg?: Channel
  /** SUCCESS, or the cause of the failure. */
  readonly cause: string
}

export interface DialOptions {
  dialString: string
  /** Seconds. */
  timeout: number
  /** The caller's leg for `bridge`; `originate` has none. */
  caller?: Channel
  callerIdName?: string
  callerIdNumber?: string
}

interface Target {
  readonly channelName: string
  readonly number: string
  readonly gateway: string | undefined
  /** The user of the directory, for the endpoint `user/`. */
  readonly user?: string
  readonly place: Place
}

type Variables = readonly (readonly [string, string])[]

/** Dials the groups of a dial string (`|`) one after the other, and the legs of a group (`,`) at the same time. */
export async function dial(sim: SimulatedSwitch, options: DialOptions): Promise<Dialled> {
  const parsed = bracketed(options.dialString, '{', '}')
  if (!parsed) return { cause: 'DESTINATION_OUT_OF_ORDER' }
  let last: Dialled = { cause: 'DESTINATION_OUT_OF_ORDER' }
  for (const group of separate(parsed.rest, '|', 128)) {
    last = await dialGroup(sim, options, parsed.variables, separate(group, ',', 128))
    if (last.leg || options.caller?.down) break
  }
  return last
}

async function dialGroup(
  sim: SimulatedSwitch,
  options: DialOptions,
  variables: Variables,
  endpoints: string[],
): Promise<Dialled> {
  const pulse = new Pulse(sim.clock)
  const legs: { channel: Channel; deadline: number }[] = []
  let cause = 'DESTINATION_OUT_OF_ORDER'
  // The limits count whole seconds: originate_timeout ends when the number is reached, leg_timeout when it is exceeded.
  const second = Math.floor(sim.clock.now() / 1_000)
  for (const endpoint of endpoints) {
    const own = bracketed(endpoint, '[', ']') ?? { variables: [], rest: endpoint }
    const all = new Map([...variables, ...own.variables])
    const target = targetOf(sim, own.rest)
    if (typeof target === 'string') {
      cause = target
      continue
    }
    const uuid = all.get('origination_uuid') ?? sim.newUuid()
    if (sim.channels.has(uuid) || !sim.throttle.admits(sim.channels.size)) continue
    const channel = createLeg(sim, uuid, target, options, all)
    legs.push({
      channel,
      deadline: all.has('leg_timeout') ? (second + integer(all.get('leg_timeout')) + 1) * 1_000 : Infinity,
    })
    sim.watchers.watch(channel, pulse)
    channel.setState('CS_INIT')
    void live(channel)
    sim.world.ring(channel, target.place)
  }
  if (legs.length === 0) return { cause }
  const timeout =
    variables.find(([name]) => name === 'originate_timeout')?.[1] ?? options.caller?.variables.get('call_timeout')
  const deadline = (second + (timeout === undefined ? options.timeout : integer(timeout))) * 1_000
  const result = await race(
    sim,
    options,
    legs,
    deadline,
    pulse,
    isTrue(variables.find(([name]) => name === 'ignore_early_media')?.[1]),
  )
  for (const { channel } of legs) {
    if (channel !== result.leg && result.leg && !channel.down) channel.hangUp('LOSE_RACE')
    sim.watchers.unwatch(channel, pulse)
    // The ended session is released after `originate` or `bridge` has returned, so CHANNEL_DESTROY comes last.
    sim.clock.after(REACTION_MS, () => {
      channel.locks--
      sim.destroyWhenFree(channel)
    })
  }
  return result
}

function createLeg(
  sim: SimulatedSwitch,
  uuid: string,
  target: Target,
  options: DialOptions,
  variables: ReadonlyMap<string, string>,
): Channel {
  const caller = options.caller?.profile.fields
  const profile = outgoingProfile(sim, uuid, {
    number: target.number,
    callerIdName: variables.get('origination_caller_id_name') ?? options.callerIdName ?? caller?.callerIdName ?? '',
    callerIdNumber:
      variables.get('origination_caller_id_number') ?? options.callerIdNumber ?? caller?.callerIdNumber ?? '0000000000',
    channelName: target.channelName,
    caller: options.caller,
  })
  const channel = sim.createChannel(uuid, target.channelName, 'outbound', profile)
  channel.originating = true
  channel.locks++
  outgoingVariables(channel, target.gateway)
  if (target.user !== undefined) {
    channel.variables.set('dialed_user', target.user)
    channel.variables.set('dialed_domain', '127.0.0.1')
  }
  for (const [name, value] of exported(options.caller)) channel.variables.set(name, value)
  for (const [name, value] of variables) channel.variables.set(name, value)
  return channel
}

function* exported(caller: Channel | undefined): Generator<[string, string]> {
  for (const name of (caller?.variables.get('export_vars') ?? '').split(',')) {
    const value = caller?.variables.get(name)
    if (value !== undefined) yield [name.replace(/^(nolocal:|_nolocal_)/, ''), value]
  }
}

/** Waits until one leg has answered, all legs have ended, the caller has left, or the time is over. */
async function race(
  sim: SimulatedSwitch,
  options: DialOptions,
  legs: { channel: Channel; deadline: number }[],
  deadline: number,
  pulse: Pulse,
  ignoreEarly: boolean,
): Promise<Dialled> {
  const { caller } = options
  if (caller) sim.watchers.watch(caller, pulse)
  try {
    for (;;) {
      const now = sim.clock.now()
      const winner = legs.find(
        ({ channel }) => !channel.down && (channel.answered || (channel.earlyMedia && !ignoreEarly)),
      )
      if (winner) return { leg: winner.channel, cause: 'SUCCESS' }
      if (caller && !caller.ready) return giveUp(legs, 'ORIGINATOR_CANCEL')
      for (const leg of legs) if (!leg.channel.down && now >= leg.deadline) leg.channel.hangUp('ALLOTTED_TIMEOUT')
      if (legs.every(({ channel }) => channel.down)) return { cause: legs.at(-1)!.channel.cause! }
      if (now >= deadline) return giveUp(legs, 'NO_ANSWER')
      await pulse.rest(
        Math.min(deadline, ...legs.filter(({ channel }) => !channel.down).map(leg => leg.deadline)) - now,
      )
    }
  } finally {
    if (caller) sim.watchers.unwatch(caller, pulse)
  }
}

function giveUp(legs: readonly { channel: Channel }[], cause: string): Dialled {
  for (const { channel } of legs) channel.hangUp(cause)
  return { cause }
}

/** The target of an endpoint in a dial string, or the cause why there is none. */
function targetOf(sim: SimulatedSwitch, endpoint: string): Target | string {
  const address = endpoint.trim()
  const [kind = '', first = '', ...others] = address.split('/')
  const rest = others.join('/')
  if (kind === 'error') return first
  if (kind === 'user') {
    const name = first.split('@')[0]!
    const place = sim.world.find(`user/${name}`)
    return place
      ? { channelName: `sofia/internal/${name}@127.0.0.1`, number: name, gateway: undefined, user: name, place }
      : sim.world.knows(`user/${name}`)
        ? 'USER_NOT_REGISTERED'
        : 'SUBSCRIBER_ABSENT'
  }
  if (kind === 'sofia' && first === 'gateway') {
    const [gateway = '', ...number] = others
    const state = sim.gateways.get(gateway)
    if (!state) return 'INVALID_GATEWAY'
    if (state === 'DOWN') return 'GATEWAY_DOWN'
    return {
      channelName: `sofia/external/${number.join('/')}`,
      number: number.join('/'),
      gateway,
      place: sim.world.find(address)!,
    }
  }
  if (kind === 'sofia' || kind === 'loopback') {
    const number = (kind === 'sofia' ? rest : first).replace(/^sip:/, '').split('@')[0]!
    const place = sim.world.find(address)
    return place
      ? { channelName: kind === 'sofia' ? address : `${address}-a`, number, gateway: undefined, place }
      : 'UNALLOCATED_NUMBER'
  }
  sim.unknown.push(`endpoint ${kind}`)
  return 'CHAN_NOT_IMPLEMENTED'
}
