/**
 * Joins two legs so that the talk survives the death of every Switchhook process (measured; the order of the lines
 * matters):
 *
 *   socket_resume=false on both legs   else the closing of a connection ends the talk
 *   transfer_after_bridge              returns a leg to a node when the talk ends; used up by one talk
 *   last_bridge_to=                    set again by this talk: a node that takes over knows whether it took place
 *   switchhook_aside=                  the caller does not wait any more (consult.ts)
 *   hold_music                         what the other one hears when this one's telephone holds the call
 *   hold_hangup_xfer_exten             where the other one goes when this one hangs up during a hold; else FreeSWITCH
 *                                      hangs the other one up, whatever transfer_after_bridge says
 *   uuid_bridge caller other           the caller first: the other order leaves silent legs when somebody hangs up
 *
 * all in one write, then CHANNEL_BRIDGE, then both connections are closed. When the talk ends, FreeSWITCH connects the
 * caller to a node again.
 */
import * as build from '../esl/api.ts'
import { api } from '../esl/command.ts'
import { ident, soundFile, varValue, type Ident, type VarValue } from '../esl/safe-text.ts'
import { CallMoved, SwitchError } from '../base/errors.ts'
import type { CallContext } from './call-context.ts'
import type { Leg } from './leg.ts'
import { ParkedLeg } from './parked-leg.ts'

/** FreeSWITCH joins two legs in 30 to 80 ms; a join that takes longer than this has failed. */
const BRIDGE_MS = 1_000

/** True when the two talk. False when the other person left first; then the caller is driven again. */
export async function connect(leg: Leg, context: CallContext, other: Leg): Promise<boolean> {
  const conversation = await leg.driven()
  if (other.phase === 'ended') return false
  using joining = watchJoin(leg, context)
  const comesBack = build.doorOf(ident(leg.arrival.path))
  conversation.post(
    api(
      build.uuidSetvars(leg.uuid, {
        socket_resume: 'false',
        transfer_after_bridge: comesBack,
        uuid_bridge_continue_on_cancel: 'true',
        last_bridge_to: '',
        switchhook_aside: '',
        switchhook_conference: '',
        ...holding(context, wayOn(other)),
      }),
    ),
    api(
      build.uuidSetvars(other.uuid, { socket_resume: 'false', ...afterwards(other), ...holding(context, comesBack) }),
    ),
  )
  try {
    await conversation.api(build.uuidBridge(leg.uuid, other.uuid))
  } catch (error) {
    if (!(error instanceof SwitchError) || error.code !== 'SWITCH_REFUSED') throw error
    // '-ERR Invalid uuid': the other leg has ended. With socket_resume=false, the next death of a process would lose
    // the caller.
    await conversation.api(build.uuidSetvar(leg.uuid, 'socket_resume' as Ident, 'true' as VarValue))
    await context.release(other)
    return false
  }
  // after a standstill a process runs its timers before it reads its sockets: the two may talk by now
  if ((await joining.outcome) === 'bridged' || (await areJoined(leg, other))) return true
  await context.release(other) // else it stays in silence: no variable prevents that (28 of 36 measured)
  if (leg.phase === 'ended') throw leg.signal.reason
  if (leg.phase === 'driven' && leg.conversation === conversation) {
    // neither joined nor connected to a node again: fetch the caller back
    await conversation.api(build.uuidSetvar(leg.uuid, 'socket_resume' as Ident, 'true' as VarValue))
    await conversation.api(build.uuidTransfer(leg.uuid, ident(leg.arrival.path)))
    throw new CallMoved('FreeSWITCH did not join the two legs in time')
  }
  return false
}

/** Asks FreeSWITCH whether the two talk, whichever events arrived. False when it cannot be asked. */
export async function areJoined({ uuid, phase, home }: Leg, other: Leg): Promise<boolean> {
  if (phase === 'ended' || !home) return false
  try {
    return (await home.joinedWith(uuid)) === other.uuid
  } catch (error) {
    if (!(error instanceof SwitchError)) throw error
    return false
  }
}

/** Variables for what happens to the other leg when the caller hangs up; without any it ends. */
function afterwards(other: Leg): Readonly<Record<string, VarValue | 'true' | ''>> {
  // transfer_history grows by 104 bytes with every talk, in each event of the leg
  if (other instanceof ParkedLeg)
    return other.flow === null
      ? { park_after_bridge: 'true', switchhook_parent: '', transfer_history: '' }
      : { transfer_after_bridge: other.way, transfer_history: '' }
  return { transfer_after_bridge: other.returns ? build.doorOf(ident(other.arrival.path)) : '' }
}

/** Where a leg goes that stays on the line after the talk; '': it ends. */
function wayOn(other: Leg): VarValue | '' {
  if (other instanceof ParkedLeg) return other.way
  return other.returns ? build.doorOf(ident(other.arrival.path)) : ''
}

/** `theirs`: where the person goes whom this one holds. */
function holding({ settings: { holdMusic } }: CallContext, theirs: VarValue | '') {
  const music = holdMusic === undefined ? ('' as const) : varValue(soundFile(holdMusic))
  return { hold_music: music, hold_hangup_xfer_exten: theirs }
}

/** Waits for the first sign: joined; or hung up, lost or connected to a node again before that. */
function watchJoin(leg: Leg, context: CallContext): Disposable & { readonly outcome: Promise<'bridged' | 'over'> } {
  let done: (how: 'bridged' | 'over') => void = () => {}
  const outcome = new Promise<'bridged' | 'over'>(resolve => (done = resolve))
  const limit = context.clock.after(BRIDGE_MS, () => done('over'))
  const listening = [
    leg.on('bridged', () => done('bridged')),
    leg.on('phase', () => done('over')),
    leg.on('bound', () => done('over')),
  ]
  return {
    outcome,
    [Symbol.dispose]() {
      limit.cancel()
      for (const one of listening) one[Symbol.dispose]()
    },
  }
}
