/**
 * What the node that drives a call does with it when an operation asks (operations/call-act.ts): it acts on the leg and
 * the flow that run here. Made by Listening; live-calls.ts and node-requests.ts call it.
 */
import { reserveByName } from '../agent/reserve-by-name.ts'
import type { Roster } from '../agent/roster.ts'
import { CallEnded, NotFoundError, Refusal } from '../base/errors.ts'
import type { CallContext } from '../call/call-context.ts'
import { membersOf } from '../call/conference.ts'
import { consult } from '../call/consult.ts'
import type { DialReservation } from '../call/dial-reservation.ts'
import type { Leg } from '../call/leg.ts'
import { talkOf, type Talk } from '../call/talk.ts'
import { sendAway } from '../call/verbs/transfer.ts'
import * as build from '../esl/api.ts'
import { endpoint, type Uuid } from '../esl/safe-text.ts'
import { eventsIn } from '../journal/call-events.ts'
import type { Catalogue } from '../flow/catalogue.ts'
import type { Flows } from '../flow/run.ts'
import type { CallAct } from '../operations/call-act.ts'
import { HOLD_MS } from '../queue/place.ts'
import { supervisorOf } from './third-legs.ts'

/** The shipped flows in which a transferred call goes on. An installation may have its own of these names. */
export const TO_QUEUE = 'queue-entry'
const TO_PERSON = 'transfer'

export interface CallActsParts {
  readonly context: CallContext
  readonly flows: Pick<Flows, 'redirect'>
  readonly catalogue: Pick<Catalogue, 'names'>
  readonly roster: Pick<Roster, 'reserve' | 'get' | 'list' | 'release'>
}

export class CallActs {
  readonly #parts: CallActsParts

  constructor(parts: CallActsParts) {
    this.#parts = parts
  }

  /** Does this node drive the call? */
  has(call: string): boolean {
    return this.#leg(call) !== null
  }

  /** Rejects with NotFoundError when this node does not drive the call, with Refusal WRONG_STATE, with SwitchError. */
  async perform(act: CallAct): Promise<void> {
    const leg = this.#leg(act.call)
    if (!leg) throw new NotFoundError('live call', act.call, null)
    switch (act.what) {
      case 'transfer':
        return sendAway(leg, act.extension, act.context, talkOf(leg)?.agent)
      case 'to-queue':
        return this.#redirect(leg, TO_QUEUE, { queue: act.queue }, { queue: act.queue })
      case 'to-agent':
        await this.#reserve(act.agent, leg)
        return this.#redirect(leg, TO_PERSON, { agent: act.agent, ...queueOf(leg) }, { agent: act.agent })
      case 'to-number':
        return this.#redirect(leg, TO_PERSON, { number: act.number, ...queueOf(leg) }, { to: act.number })
      case 'consult-agent':
        return this.#consultAgent(leg, act.agent)
      case 'consult-number':
        await noConference(leg)
        return this.#consult(leg, `sofia/gateway/${this.#parts.context.settings.gateway}/${act.number}`)
      case 'end-consultation':
        return this.#talk(leg).endConsultation(act.how)
      case 'take-over':
        return this.#takeOver(leg)
    }
  }

  #leg(call: string): Leg | null {
    const leg = this.#parts.context.door.legs.get(call as Uuid)
    return leg && leg.phase !== 'ended' && leg.phase !== 'moved' ? leg : null
  }

  /** The flow gets the agent: a call that has reserved an agent by name may do so again. */
  async #reserve(name: string, leg: Leg): Promise<void> {
    const { roster, context } = this.#parts
    const now = context.clock.now()
    const reserved = await reserveByName(roster, name, leg.uuid, now, HOLD_MS)
    if (reserved === null || typeof reserved === 'string') throw notFree(name, reserved ?? 'removed')
  }

  #talk(leg: Leg): Talk {
    const talk = talkOf(leg)
    if (!talk) throw new Refusal('WRONG_STATE', `the caller of call ${leg.uuid} does not talk with anybody now`)
    return talk
  }

  async #consultAgent(leg: Leg, name: string): Promise<void> {
    this.#talk(leg)
    await noConference(leg)
    const reserved = await this.#parts.context.colleagues!.reserve(leg, name)
    if (typeof reserved === 'string') throw notFree(name, reserved)
    try {
      this.#consult(leg, reserved.endpoint, reserved)
    } catch (error) {
      await reserved.finished('caller-left')
      throw error
    }
  }

  /** The telephone rings from now on. Nobody waits for the answer: the timeline of the call tells what comes of it. */
  #consult(leg: Leg, to: string, reservation?: DialReservation): void {
    const { context } = this.#parts
    const talk = this.#talk(leg)
    if (!talk.isOn) throw new Refusal('WRONG_STATE', `somebody is consulted about call ${leg.uuid} already`)
    consult(leg, talk, context, endpoint(to), reservation).catch((error: unknown) => {
      if (error instanceof CallEnded) return
      context.log.warn(
        { uuid: leg.uuid, error: (error as Error).message },
        'somebody who should be consulted could not be dialled; the talk goes on',
      )
    })
  }

  async #takeOver(leg: Leg): Promise<void> {
    const talk = this.#talk(leg)
    await noConference(leg)
    const { door } = this.#parts.context
    const supervisor = leg.home && (await supervisorOf(leg.home, leg.uuid))
    if (!leg.home || !supervisor) throw new Refusal('WRONG_STATE', `nobody supervises call ${leg.uuid}`)
    if (!talk.isOn)
      throw new Refusal('WRONG_STATE', `the caller of call ${leg.uuid} waits: the agent consults somebody`)
    // first: when the agent's leg ends, FreeSWITCH ends a leg that listens to it
    await leg.home.commands.run(build.uuidPark(supervisor))
    const theirs = door.claim(supervisor, leg.home)
    theirs.letTalk()
    await talk.goTo({ leg: theirs })
  }

  async #redirect(
    leg: Leg,
    flow: string,
    params: Readonly<Record<string, string>>,
    to: Parameters<Flows['redirect']>[2],
  ): Promise<void> {
    const { flows, catalogue } = this.#parts
    if (!catalogue.names.includes(flow))
      throw new Refusal('WRONG_STATE', `this installation has no flow '${flow}': a call cannot go on in it`)
    const by = talkOf(leg)?.agent
    if (!(await flows.redirect(leg.uuid, { flow, params }, { ...to, ...(by !== undefined && { by }) })))
      throw new NotFoundError('live call', leg.uuid, null)
  }
}

/** Who talks with whom in a conference is not the node's to decide. */
async function noConference({ home, uuid }: Leg): Promise<void> {
  if (home && (await membersOf(home, uuid)).length > 0)
    throw new Refusal('WRONG_STATE', `the caller of call ${uuid} is in a conference: invite or remove people`)
}

const notFree = (agent: string, why: string) =>
  new Refusal('WRONG_STATE', `agent ${agent} takes no call now (${why}); the call goes on as it is`)

/** The queue that the caller was in last: the caller goes back there when the other person cannot be reached. */
function queueOf({ steps: { journal } }: Leg): { queue?: string } {
  const queue = eventsIn(journal.notes).findLast(({ event }) => event === 'queue.call.entered')?.queue
  return queue === undefined ? {} : { queue }
}
