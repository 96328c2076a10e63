/**
 * A reserved agent who is nailed up: already on the line, for a campaign's lead or a caller of the agent's queue. A
 * flow joins the nailed-up leg by its uuid; the leg stays parked at FreeSWITCH whatever the flow does. Used by lead.ts
 * and flow-call.ts.
 */
import { Call, type Party } from '../call/call.ts'
import type { CallContext } from '../call/call-context.ts'
import type { Leg } from '../call/leg.ts'
import { parkedLeg } from '../call/parked-leg.ts'
import { step } from '../journal/steps.ts'
import { uuid as parseUuid, type AppArgument } from '../esl/safe-text.ts'
import type { AgentReservation } from '../queue/agent-reservation.ts'

export interface NailedAgentLeg extends Disposable {
  readonly leg: Call
}

/** Can the agent be joined with this call? False when the agent's leg has ended, or is on another FreeSWITCH. */
export async function canBeJoined({ home }: Leg, { saved }: AgentReservation): Promise<boolean> {
  return saved.leg !== null && home !== null && (await home.lives(parseUuid(saved.leg))) !== 'no'
}

/**
 * The agent's leg, for this flow. `whisper`: what only the agent hears when the talk begins. Disposing ends only this
 * flow's interest in the leg; the agent stays on the line.
 */
export function nailedAgentLeg(
  leg: Leg,
  context: CallContext,
  { saved }: AgentReservation,
  whisper: AppArgument | null = null,
): NailedAgentLeg {
  const parked = parkedLeg(parseUuid(saved.leg!), leg.home!, context, saved.flow ?? null)
  parked.steps = leg.steps
  parked.whisper = whisper
  void leg.moved.then(() => parked.giveAway('taken')) // no disposer runs in a flow that has moved
  return { leg: new Call(parked, context), [Symbol.dispose]: () => parked.giveAway('taken') }
}

/**
 * FlowCall.dial for a nailed-up agent of whom nothing is asked before the talk: reached at once, or the outcome is
 * 'failed', the reservation ends and the agent rests. Nothing rings, for the agent's telephone is in use.
 */
export function takeNailedAgent(leg: Leg, context: CallContext, agent: AgentReservation): Promise<Party> {
  return step<Party>(leg, {
    verb: 'nailed-agent',
    args: [agent.name],
    async run() {
      if (await canBeJoined(leg, agent)) return party(leg, context, agent)
      context.log.info({ uuid: leg.uuid, agent: agent.name }, 'a nailed-up agent could not be joined; the agent rests')
      await agent.finished('failed')
      return FAILED
    },
    save: ({ outcome }) => outcome,
    load: outcome => (outcome === 'answered' ? party(leg, context, agent) : FAILED),
  })
}

const FAILED: Party = { outcome: 'failed', async [Symbol.asyncDispose]() {} }

function party(leg: Leg, context: CallContext, agent: AgentReservation): Party {
  const there = nailedAgentLeg(leg, context, agent)
  return { outcome: 'answered', leg: there.leg, [Symbol.asyncDispose]: async () => there[Symbol.dispose]() }
}
