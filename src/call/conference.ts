/**
 * A talk of more than three people: the two legs of a talk are moved into a conference of FreeSWITCH, and more people
 * are dialled into it. No node drives a leg there, so the conference outlives every node:
 *
 *   switchhook_conference=true       on the caller, who tells the next node by it
 *   hangup_after_conference=false    on the caller, who else is hung up with the conference
 *   conference …+flags{mintwo}       FreeSWITCH ends the conference when fewer than two are left
 *   transfer switchhook-FLOW         behind it: the caller comes back to a node, and the flow goes on
 *
 * Everybody else ends with the conference: also an agent who was on the line before the talk. Used by
 * node/conferences.ts and talk.ts.
 */
import * as build from '../esl/api.ts'
import { SwitchError } from '../base/errors.ts'
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
  if (door === null || !(await at.joinedWith(caller))) return false
  await at.commands.run(
    build.uuidSetvars(caller, { hangup_after_conference: 'false', [CONFERRED]: 'true', socket_resume: 'false' }),
  )
  await at.commands.run(build.uuidConfer(caller, door))
  return true
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
