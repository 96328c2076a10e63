/** A promised agent who is on the line already, for a campaign's lead or a caller of their queue: joined by the uuid of their leg, which stays at the switch whatever comes of it. */
import type { Call } from '../call/call.ts'
import type { CallContext } from '../call/call-context.ts'
import type { Leg } from '../call/leg.ts'
import { parkedLeg } from '../call/parked-leg.ts'
import { step } from '../journal/steps.ts'
import type { Party } from '../call/verbs/dial.ts'
import { uuid as parseUuid } from '../esl/safe-text.ts'
import type { FlowAgentReservation } from './agent-reservation.ts'

export interface NailedAgentLeg extends Disposable {
  readonly leg: Call
}

/** Can they be joined with this call? Not when they have just left, or are on the line of another switch. */
export async function canBeJoined({ home }: Leg, { saved }: FlowAgentReservation): Promise<boolean> {
  return saved.leg !== null && home !== null && (await home.lives(parseUuid(saved.leg))) !== 'no'
}

/** Their leg, until it is disposed: its end is nobody's business here after that. */
export function nailedAgentLeg(leg: Leg, context: CallContext, { saved }: FlowAgentReservation): NailedAgentLeg {
  const parked = parkedLeg(parseUuid(saved.leg!), leg.home!, { clock: context.clock, log: context.log })
  parked.steps = leg.steps
  void leg.moved.then(() => parked.giveAway('taken')) // nobody disposes of it then
  return { leg: context.callOf(parked), [Symbol.dispose]: () => parked.giveAway('taken') }
}

/** What dialling them is: they are there at once, or the promise has come to nothing and they rest. Nothing rings, for their telephone is in use. */
export function takeNailedAgent(leg: Leg, context: CallContext, agent: FlowAgentReservation): Promise<Party> {
  return step<Party>(leg, {
    verb: `agent ${agent.name} on the line`,
    async run() {
      if (await canBeJoined(leg, agent)) return party(leg, context, agent)
      context.log.info({ uuid: leg.uuid, agent: agent.name }, 'an agent who was on the line cannot be joined from here')
      await agent.missed('failed')
      return FAILED
    },
    save: ({ outcome }) => outcome,
    load: outcome => (outcome === 'answered' ? party(leg, context, agent) : FAILED),
  })
}

const FAILED: Party = { outcome: 'failed', async [Symbol.asyncDispose]() {} }

function party(leg: Leg, context: CallContext, agent: FlowAgentReservation): Party {
  const there = nailedAgentLeg(leg, context, agent)
  return { outcome: 'answered', leg: there.leg, [Symbol.asyncDispose]: async () => there[Symbol.dispose]() }
}
