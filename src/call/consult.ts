/**
 * Consultation, the first half of an attended transfer: the agent talks with a colleague or a number while the caller
 * waits. The telephone rings first, and the two talk on meanwhile: nothing has happened when nobody answers. Then one
 * write moves all three:
 *
 *   switchhook_aside=<agent>:<colleague>   on the caller, who comes back to a node and waits there (talk.ts)
 *   transfer_after_bridge                  on all three: each of them comes to the listener when the other one hangs up
 *   uuid_bridge agent colleague            the agent first: the caller leaves the talk by this
 *
 * So whoever hangs up, and whichever node dies, nobody is lost. Used by node/call-acts.ts.
 */
import * as build from '../esl/api.ts'
import { api } from '../esl/command.ts'
import { ident, uuid, varValue, type Endpoint, type Ident, type Uuid, type VarValue } from '../esl/safe-text.ts'
import { LEG_PATH } from './arrival.ts'
import type { CallContext } from './call-context.ts'
import { areJoined } from './connect.ts'
import type { DialReservation } from './dial-reservation.ts'
import type { Leg } from './leg.ts'
import { ParkedLeg, parkedLeg } from './parked-leg.ts'
import type { Talk } from './talk.ts'
import type { Partner } from './talk-past.ts'
import { dialColleague } from './verbs/dial.ts'

/** FreeSWITCH joins two legs in 30 to 80 ms. */
const BRIDGE_MS = 1_000

/**
 * Resolves when the agent talks with them, or when they were not reached. Rejects with SwitchError, and with CallEnded
 * when the caller has hung up.
 */
export async function consult(
  caller: Leg,
  talk: Talk,
  context: CallContext,
  to: Endpoint,
  reservation?: DialReservation,
): Promise<void> {
  const { journal } = caller.steps
  // first: the node that takes the call over must know whom to free
  journal.tell('call.consultation.requested', { to, ...(reservation && { agent: reservation.name }) })
  await journal.write()
  const nailed = reservation?.nailedLeg
  const leg = nailed
    ? await onTheLine(caller, context, uuid(nailed), reservation.legReturnsTo)
    : await dialColleague(caller, context, to, talk.over, reservation)
  if (!leg && nailed) await reservation?.finished('failed')
  if (!leg) return
  const who = { leg, reservation }
  const stands = talk.isOn && (!reservation || (await reservation.talking()))
  if (stands && talk.isOn && (await moves(caller, talk, context, who))) return leg.letTalk()
  if (leg instanceof ParkedLeg) await context.release(leg)
  else context.hangUp(leg)
  await reservation?.finished('caller-left')
}

/** A colleague who is nailed up; null: the leg has ended, or is on another FreeSWITCH. */
async function onTheLine(
  { home }: Leg,
  context: CallContext,
  leg: Uuid,
  returnsTo: string | null,
): Promise<Leg | null> {
  return home && (await home.lives(leg)) === 'yes' ? parkedLeg(leg, home, context, returnsTo) : null
}

/** False when the agent and the colleague did not come to talk, and the caller talks on. */
async function moves(caller: Leg, talk: Talk, context: CallContext, who: Partner): Promise<boolean> {
  const { conversation, home } = who.leg
  const agent = talk.partner.leg
  if (!home) return false
  let done: (how: 'bridged' | 'aside' | 'late') => void = () => {}
  const outcome = new Promise<'bridged' | 'aside' | 'late'>(resolve => (done = resolve))
  const limit = context.clock.after(BRIDGE_MS, () => done('late'))
  using _bridged = home.watch(
    agent.uuid,
    event => event.name === 'CHANNEL_BRIDGE' && done('bridged'),
    () => {},
  )
  using _aside = caller.on('bound', () => done('aside'))
  talk.comesAside(who)
  const commands = [
    build.uuidSetvars(caller.uuid, { switchhook_aside: aside(agent, who.leg), ...homeward(caller, context) }),
    build.uuidSetvars(agent.uuid, { ...returning(agent), uuid_bridge_continue_on_cancel: 'true' }),
    build.uuidSetvars(who.leg.uuid, returning(who.leg)),
    build.uuidBridge(agent.uuid, who.leg.uuid),
  ]
  if (conversation) conversation.post(...commands.map(command => api(command)))
  else for (const command of commands) await home.attempt(command) // no leg of the three is driven
  const how = await outcome
  limit.cancel()
  if (how !== 'late' || (await areJoined(agent, who.leg))) return true
  talk.staysOn()
  await home.attempt(build.uuidUnset(caller.uuid, 'switchhook_aside' as Ident))
  return false
}

/** Comes to the listener when the other one hangs up. A nailed-up leg is parked, by a variable that it has for good. */
const returning = (leg: Leg) =>
  leg instanceof ParkedLeg
    ? ({ socket_resume: 'false', ...(leg.flow !== null && { transfer_after_bridge: leg.way }) } as const)
    : ({ socket_resume: 'false', transfer_after_bridge: build.doorOf(LEG_PATH as Ident) } as const)

const aside = (partner: Leg, consulted: Leg): VarValue => varValue(`${partner.uuid}:${consulted.uuid}`)

/** The caller comes back to this node rather than to any node: it knows the talk. */
function homeward(caller: Leg, { settings: { address } }: CallContext) {
  const path = ident(caller.arrival.path)
  return address === undefined
    ? { transfer_after_bridge: build.doorOf(path) }
    : { switchhook_home: varValue(address), transfer_after_bridge: build.homeDoorOf(path) }
}
