/**
 * What the node that drives a call does with it when an operation asks (operations/call-act.ts): it acts on the leg and
 * the flow that run here. Made by Listening; live-calls.ts and node-requests.ts call it.
 */
import { whyNotNow } from '../agent/agent.ts'
import type { Roster } from '../agent/roster.ts'
import type { Clock } from '../base/clock.ts'
import { NotFoundError, Refusal } from '../base/errors.ts'
import type { Door } from '../call/entry.ts'
import type { Leg } from '../call/leg.ts'
import { sendAway } from '../call/verbs/transfer.ts'
import type { Uuid } from '../esl/safe-text.ts'
import { eventsIn } from '../journal/call-events.ts'
import type { Catalogue } from '../flow/catalogue.ts'
import type { Flows } from '../flow/run.ts'
import type { CallAct } from '../operations/call-act.ts'
import { HOLD_MS } from '../queue/place.ts'

/** The shipped flows in which a transferred call goes on. An installation may have its own of these names. */
const TO_QUEUE = 'queue-entry'
const TO_PERSON = 'transfer'

export interface CallActsParts {
  readonly door: Pick<Door, 'legs'>
  readonly flows: Pick<Flows, 'redirect'>
  readonly catalogue: Pick<Catalogue, 'names'>
  readonly roster: Pick<Roster, 'reserve' | 'get'>
  readonly clock: Clock
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
        return sendAway(leg, act.extension, act.context)
      case 'to-queue':
        return this.#redirect(leg, TO_QUEUE, { queue: act.queue }, { queue: act.queue })
      case 'to-agent':
        await this.#reserve(act.agent, leg)
        return this.#redirect(leg, TO_PERSON, { agent: act.agent, ...queueOf(leg) }, { agent: act.agent })
      case 'to-number':
        return this.#redirect(leg, TO_PERSON, { number: act.number, ...queueOf(leg) }, { to: act.number })
    }
  }

  #leg(call: string): Leg | null {
    const leg = this.#parts.door.legs.get(call as Uuid)
    return leg && leg.phase !== 'ended' && leg.phase !== 'moved' ? leg : null
  }

  /** The flow gets the agent: a call that has reserved an agent by name may do so again. */
  async #reserve(name: string, leg: Leg): Promise<void> {
    const { roster, clock } = this.#parts
    const now = clock.now()
    if ((await roster.reserve(name, leg.uuid, now, HOLD_MS)) !== null) return
    const agent = await roster.get(name, now)
    const why = agent ? (whyNotNow(agent, now) ?? 'reserved') : 'removed'
    throw new Refusal('WRONG_STATE', `agent ${name} takes no call now (${why}); the call goes on as it is`)
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
    if (!(await flows.redirect(leg.uuid, { flow, params }, to))) throw new NotFoundError('live call', leg.uuid, null)
  }
}

/** The queue that the caller was in last: the caller goes back there when the other person cannot be reached. */
function queueOf({ steps: { journal } }: Leg): { queue?: string } {
  const queue = eventsIn(journal.notes).findLast(({ event }) => event === 'queue.call.entered')?.queue
  return queue === undefined ? {} : { queue }
}
