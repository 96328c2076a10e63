/**
 * Unowned channels: channels in the dialplan context `switchhook` that no node drives and no store knows. Examples: a
 * call whose owner is missing because the call store was lost, a telephone that was answered for a call that has ended,
 * a leg that is stuck between two talks. Callers are transferred to the listener, other legs are hung up, so that no
 * person stays in silence. Used by reconcile.ts; acts only after a grace period.
 */
import { SwitchError } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import { LEG_PATH } from '../call/arrival.ts'
import { talks, uuidOf, type Channel, type ChannelList } from '../switch/channel-list.ts'
import type { Switch } from '../switch/switchboard.ts'
import * as build from '../esl/api.ts'
import type { Ident } from '../esl/safe-text.ts'
import type { GracePeriods } from './grace.ts'

/**
 * Longer than every state that a leg passes through on its way to a node, and longer than other nodes need to notice
 * that the call store has lost a call of theirs.
 */
const NOBODYS_MS = 45_000
const STUCK_MS = 20_000

/** The facts about a channel that reconciliation has from the stores. */
export interface Known {
  /** True for calls that have an owner in the call store, alive or not. */
  isOwned(uuid: string): boolean
  /** True for legs of this node, and for nailed-up legs. */
  isAwaited(uuid: string): boolean
  /** Milliseconds until it is this node's turn to act. */
  turn(uuid: string): number
  /** Does this node hold its lease, so that it may act upon calls now? */
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
    if ((await home.livesAll([uuid])).get(uuid) !== 'yes') return false // a row in the list without a channel
    // a channel in CS_RESET does not talk, whatever bridge_to still holds
    if (state !== 'CS_RESET' && (await home.joinedWith(uuid))) return false
    const parent = uuidOf(await home.variable(uuid, 'switchhook_parent'))
    const dialled = parent !== null || flow === LEG_PATH
    if (dialled && !stuck && parent !== null && (known.isOwned(parent) || (await home.exists(parent)))) return false
    if (!known.holds()) return false
    const what = dialled ? 'an unowned leg is hung up' : 'an unowned call is transferred to the listener'
    log.warn({ switch: home.name, uuid, state, flow }, what)
    return await home.attempt(
      dialled ? build.uuidKill(uuid, 'ORIGINATOR_CANCEL' as Ident) : build.uuidTransfer(uuid, flow),
    )
  } catch (error) {
    if (!(error instanceof SwitchError)) throw error
    return false // the channel has ended, or the link is down
  }
}

/** The flow of a channel in Switchhook's dialplan context; null for other channels, and for callers in the fallback. */
function flowOf({ context, extension }: Channel): Ident | null {
  if (context !== build.CONTEXT || extension === 'switchhook-sorry') return null
  return (/^switchhook-(?:retry-|home-)?([a-z0-9-]+)$/.exec(extension)?.[1] ?? null) as Ident | null
}

/** Between two talks. `CS_SOFT_EXECUTE` is also the state of the first leg of a talk, for as long as the talk lasts. */
const isStuck = ({ state }: Channel): boolean => state === 'CS_RESET' || state === 'CS_SOFT_EXECUTE'

/** Does a node hold an open connection? Without one, the channel would not be in the application `socket`. */
const isListenedTo = ({ state, application }: Channel): boolean => state === 'CS_EXECUTE' && application === 'socket'
