/**
 * A talk of more than three people: the two legs of a talk are moved into a conference of FreeSWITCH, and more people
 * are dialled into it. No node drives a leg there, so the conference outlives every node:
 *
 *   switchhook_conference=true       on the caller, who tells the next node by it
 *   hangup_after_conference=false    on the caller, who else is hung up with the conference
 *   conference …+flags{mintwo}       FreeSWITCH ends the conference when fewer than two are left
 *   transfer                         behind it, to where a variable of the leg says: the caller comes back to a node,
 *                                    and the flow goes on
 *
 * An agent who was on the line before the talk outlives the conference too: FreeSWITCH parks the leg, or brings it back
 * to its own flow, as after a talk. Everybody else ends with the conference. Used by node/conferences.ts and talk.ts.
 */
import * as build from '../esl/api.ts'
import { SwitchError } from '../base/errors.ts'
import { LEG_PATH } from './arrival.ts'
import type { Ident, Uuid } from '../esl/safe-text.ts'
import { uuidOf } from '../switch/channel-list.ts'
import type { Switch } from '../switch/switchboard.ts'

/** The variable of a caller who was in a conference since the last talk began. */
export const CONFERRED = 'switchhook_conference' as Ident

/**
 * Moves the caller, and whom the caller talks with, into a conference. False when the caller does not talk, or was not
 * joined by Switchhook. Rejects with SwitchError.
 */
export async function confer(at: Switch, caller: Uuid): Promise<boolean> {
  const door = build.flowOfDoor(await at.variable(caller, 'transfer_after_bridge'))
  const partner = await at.joinedWith(caller)
  if (door === null || !partner) return false
  await at.commands.run(build.uuidSetvars(partner, build.behindConference(await wayOf(at, partner))))
  const back = build.behindConference({ flow: door })
  await at.commands.run(build.uuidSetvars(caller, { ...back, [CONFERRED]: 'true', socket_resume: 'false' }))
  await at.commands.run(build.uuidConfer(caller))
  return true
}

/** What becomes of this leg after a talk. */
async function wayOf(at: Switch, leg: Uuid): Promise<Parameters<typeof build.behindConference>[0]> {
  if ((await at.variable(leg, 'park_after_bridge')) === 'true') return 'parked'
  const flow = build.flowOfDoor(await at.variable(leg, 'transfer_after_bridge'))
  return flow === null || flow === LEG_PATH ? 'ends' : { flow }
}

/** The legs in the conference of this caller; none when there is no conference. Rejects with LINK_DOWN. */
export async function membersOf(at: Switch, caller: Uuid): Promise<readonly Uuid[]> {
  try {
    const list = await at.ask(build.conferenceList(caller))
    return list.split('\n').flatMap(line => uuidOf(line.split(';')[2] ?? '') ?? [])
  } catch (error) {
    if (error instanceof SwitchError && error.code === 'SWITCH_REFUSED') return []
    throw error
  }
}
