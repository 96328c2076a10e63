/**
 * Joins two legs so that the talk survives the death of every Switchhook process (measured; the order of the lines
 * matters):
 *
 *   socket_resume=false on both legs   else the closing of a connection ends the talk
 *   transfer_after_bridge              returns a leg to a node when the talk ends; used up by one talk
 *   last_bridge_to=                    set again by this talk: a node that takes over knows whether it took place
 *   hold_music                         what the other one hears when this one's telephone holds the call
 *   hold_hangup_xfer_exten             where the other one goes when this one hangs up during a hold; else FreeSWITCH
 *                                      hangs the other one up, whatever transfer_after_bridge says
 *   uuid_bridge caller other           the caller first: the other order leaves silent legs when somebody hangs up
 *
 * all in one write, then CHANNEL_BRIDGE, then both connections are closed. When the talk ends, FreeSWITCH connects the
 * caller to a node again.
 */
import * as build from '../../esl/api.ts'
import { api } from '../../esl/command.ts'
import { ident, soundFile, varValue, type Ident, type VarValue } from '../../esl/safe-text.ts'
import { CallEnded, CallMoved, SwitchError } from '../../base/errors.ts'
import type { TimelineEventName } from '../../events/catalogue.ts'
import type { Events } from '../../events/events.ts'
import type { Journal } from '../../journal/journal.ts'
import type { CallContext } from '../call-context.ts'
import { step } from '../../journal/steps.ts'
import type { Leg } from '../leg.ts'
import { eventsIn, joinedAt, lastEvent, tellOnce } from '../../journal/call-events.ts'
import { ParkedLeg } from '../parked-leg.ts'
import type { Playback } from '../playback.ts'
import type { DialReservation } from './dial.ts'

/** 'talked', or 'left': the other leg had ended before the talk began. */
export type TalkEnd = 'talked' | 'left'

/** FreeSWITCH joins two legs in 30 to 80 ms; a join that takes longer than this has failed. */
const BRIDGE_MS = 1_000

/** Resolves when the talk is over and the caller is back. Rejects with CallEnded when the caller hung up. */
export function join(
  leg: Leg,
  playback: Playback,
  context: CallContext,
  other: Leg,
  reservation?: DialReservation,
): Promise<TalkEnd> {
  /** What this process knows of the talk; after a takeover the variables of the leg tell of its last talk. */
  let known: 'connecting' | 'talking' | null = null
  const talk = talkEvents(leg, other, context, reservation?.name)
  const over = async () => {
    talk.ended()
    await reservation?.finished('talked')
  }
  const run = async (joined = false): Promise<TalkEnd> => {
    if (reservation && !(await reservation.talking())) return 'left'
    try {
      const end = await playback.perform(async () => {
        known = 'connecting'
        if (!joined && !(await connect(leg, context, other))) return 'left'
        leg.letTalk()
        other.letTalk()
        known = 'talking'
        talk.began()
        void other.ended.then(over) // also when the caller returns to another node
        using _holds = talk.holds()
        return await talkEnds(leg, context, other)
      })
      await over()
      return end
    } catch (error) {
      if (error instanceof CallEnded) await over()
      throw error
    }
  }
  return step<TalkEnd, { with: string; at: number }>(leg, {
    verb: 'join',
    intent: () => ({ with: other.uuid, at: context.clock.now() }),
    run: () => run(),
    // the caller is driven again: if there was a talk, it is over
    async recover({ at }) {
      if (known === 'connecting' && (await areJoined(leg, other))) return run(true)
      const talked = known === 'talking' || (known === null && leg.lastTalk?.with === other.uuid)
      if (known === null && !talked) return run() // the talk had not begun
      if (talked) talk.began(at) // unless the journal has it
      else await context.release(other)
      await over()
      return talked ? 'talked' : 'left'
    },
  })
}

const TALKING: readonly string[] = ['call.bridged', 'call.held', 'call.resumed'] satisfies TimelineEventName[]

/** The events of one talk. Each is told once, whichever node tells it and however often it is reported. */
function talkEvents(leg: Leg, other: Leg, { events }: CallContext, reserved: string | undefined) {
  const { journal } = leg.steps
  const agent = reserved ?? lastEvent(journal, other.uuid)?.agent
  const who = { leg: other.uuid, ...(agent === undefined ? {} : { agent }) }
  const last = () => lastEvent(journal, other.uuid)
  const talks = () => TALKING.includes(last()?.event ?? '')
  return {
    /** `since`: the earliest time at which the talk can have begun, when this node did not see it begin. */
    began(since?: number): void {
      const known = last()
      if (talks() || (since !== undefined && known?.event === 'call.unbridged' && known.at >= since)) return
      // at once for a reserved agent: if this process dies, the node that finds the talk ended knows the agent. For any
      // other leg FreeSWITCH knows that there was a talk
      journal.tell('call.bridged', who, {
        atOnce: reserved !== undefined,
        ...(since !== undefined && { at: since }),
      })
      if (reserved !== undefined) tellAnswered(journal, reserved, events)
    },
    ended(): void {
      if (talks()) journal.tell('call.unbridged', who)
    },
    /** Tells when one of the two puts the other on hold, until it is disposed. */
    holds(): Disposable {
      const listening = [leg, other].map(one =>
        one.on('held', held => {
          if (!talks()) return
          if (held) tellOnce(journal, 'call.held', who)
          else tellOnce(journal, 'call.resumed', who)
        }),
      )
      return { [Symbol.dispose]: () => listening.forEach(one => one[Symbol.dispose]()) }
    },
  }
}

/** Tells the ends of talks that an interrupted flow could not tell. */
export function endTalks(journal: Journal): void {
  for (const leg of new Set(eventsIn(journal.notes).flatMap(event => event.leg ?? []))) {
    const last = lastEvent(journal, leg)
    if (last && TALKING.includes(last.event))
      journal.tell('call.unbridged', { leg, ...(last.agent !== undefined && { agent: last.agent }) })
  }
}

/** A lead is reserved an agent without entering the queue as a caller does: then how long it waited is not known. */
function tellAnswered(journal: Journal, agent: string, events: Events): void {
  const past = eventsIn(journal.notes)
  const queue = past.findLast(one => one.event === 'queue.call.offered' && one.agent === agent)?.queue
  if (queue === undefined) return
  const joined = joinedAt(past, queue)
  const waited = joined !== undefined && { waitedMs: journal.clock.now() - joined }
  events.tell('queue.call.answered', { uuid: journal.uuid, queue, agent, ...waited })
}

/** True when the two talk. False when the other person left first; then the caller is driven again. */
async function connect(leg: Leg, context: CallContext, other: Leg): Promise<boolean> {
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
async function areJoined(leg: Leg, other: Leg): Promise<boolean> {
  if (leg.phase === 'ended' || !leg.home) return false
  try {
    return (await leg.home.ask(build.uuidGetvar(leg.uuid, 'bridge_to' as Ident))).trim() === other.uuid
  } catch (error) {
    if (!(error instanceof SwitchError)) throw error
    return false
  }
}

/** Variables for what happens to the other leg when the caller hangs up; without any it ends. */
function afterwards(other: Leg): Readonly<Record<string, VarValue | 'true' | ''>> {
  // transfer_history grows by 104 bytes with every talk, in each event of the leg
  if (other instanceof ParkedLeg) return { park_after_bridge: 'true', transfer_history: '' }
  return other.returns ? { transfer_after_bridge: build.doorOf(ident(other.arrival.path)) } : {}
}

/** Where a leg goes that stays on the line after the talk; '': it ends. */
function wayOn(other: Leg): VarValue | '' {
  if (other instanceof ParkedLeg) return build.PARKED
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

async function talkEnds(leg: Leg, context: CallContext, other: Leg): Promise<TalkEnd> {
  const began = context.clock.monotonic()
  void other.ended.then(() => leg.expectBack()) // the caller may return to another node
  try {
    await leg.driven()
    return 'talked'
  } finally {
    context.log.info(
      { uuid: leg.uuid, with: other.uuid, ms: Math.round(context.clock.monotonic() - began) },
      'talk ended',
    )
  }
}
