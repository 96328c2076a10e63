/**
 * Channels of the house that nobody drives and nobody knows: a call whose owner was forgotten (the memory of all nodes was lost),
 * a telephone that was answered for a call that is no more, a leg that got stuck between two talks. Callers are sent to the door, all
 * others are hung up: nobody stays in silence. Acted upon only when it has been so for a while, in every look.
 */
import { SwitchError } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import { LEG_PATH } from '../call/arrival.ts'
import { talks, uuidOf, type Channel, type ChannelList } from '../switch/channel-list.ts'
import type { Switch } from '../switch/switchboard.ts'
import * as build from '../esl/api.ts'
import type { Ident, Uuid } from '../esl/safe-text.ts'
import type { GracePeriods } from './grace.ts'

/** Longer than anything that a leg passes through on its way, and than other nodes need to notice that a call of theirs was forgotten. */
const NOBODYS_MS = 45_000
const STUCK_MS = 20_000

export interface Known {
  /** Calls that have an owner, living or not. */
  isOwned(uuid: string): boolean
  /** Legs of this node, and of agents who wait for leads. */
  isAwaited(uuid: string): boolean
  /** Milliseconds until it is this node's turn to act. */
  turn(uuid: string): number
  holds(): boolean
}

export async function checkUnownedChannels(
  home: Switch,
  listing: ChannelList,
  known: Known,
  grace: GracePeriods,
  log: Log,
): Promise<number> {
  let done = 0
  for (const channel of listing.values()) {
    const flow = flowOf(channel)
    if (flow === null || talks(channel, listing)) continue
    const { uuid } = channel
    const stuck = isStuck(channel)
    const nobodys = !known.isOwned(uuid) && !known.isAwaited(uuid) && !isListenedTo(channel)
    if (!stuck && !nobodys) continue
    if (!grace.lasted(`${stuck ? 'stuck' : 'nobodys'} ${uuid}`, (stuck ? STUCK_MS : NOBODYS_MS) + known.turn(uuid)))
      continue
    if (await act(home, channel, { flow, stuck, known, log })) done++
  }
  return done
}

interface Finding {
  readonly flow: Ident
  readonly stuck: boolean
  readonly known: Known
  readonly log: Log
}

async function act(home: Switch, { uuid, state }: Channel, { flow, stuck, known, log }: Finding): Promise<boolean> {
  try {
    if ((await home.livesAll([uuid])).get(uuid) !== 'yes') return false // a row without a leg
    // nobody talks in CS_RESET, whatever is left of the talk before
    if (state !== 'CS_RESET' && uuidOf(await variable(home, uuid, 'bridge_to'))) return false
    const parent = uuidOf(await variable(home, uuid, 'switchhook_parent'))
    const dialled = parent !== null || flow === LEG_PATH
    if (dialled && !stuck && parent !== null && (known.isOwned(parent) || (await home.exists(parent)))) return false
    if (!known.holds()) return false
    const what = dialled ? 'a leg that nobody drives is hung up' : 'a call that nobody drives is sent to the door'
    log.warn({ switch: home.name, uuid, state, flow }, what)
    return await home.attempt(
      dialled ? build.uuidKill(uuid, 'ORIGINATOR_CANCEL' as Ident) : build.uuidTransfer(uuid, flow),
    )
  } catch (error) {
    if (!(error instanceof SwitchError)) throw error
    return false // it has ended meanwhile, or the link is down
  }
}

async function variable(home: Switch, uuid: Uuid, name: string): Promise<string> {
  return (await home.ask(build.uuidGetvar(uuid, name as Ident))).trim()
}

/** Which flow a channel in the house's context belongs to; null for others, and for whoever is told that nobody can be reached. */
function flowOf({ context, extension }: Channel): Ident | null {
  if (context !== build.CONTEXT || extension === 'switchhook-sorry') return null
  return (/^switchhook-(?:retry-|home-)?([a-z0-9-]+)$/.exec(extension)?.[1] ?? null) as Ident | null
}

/** Between two talks: `CS_SOFT_EXECUTE` is also the state in which the first leg of a talk is, for as long as it lasts. */
const isStuck = ({ state }: Channel): boolean => state === 'CS_RESET' || state === 'CS_SOFT_EXECUTE'

/** A connection is open: the leg would be elsewhere otherwise. */
const isListenedTo = ({ state, application }: Channel): boolean => state === 'CS_EXECUTE' && application === 'socket'
