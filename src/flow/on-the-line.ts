/** A promised agent who is on the line already, for a campaign's lead or a caller of their queue: joined by the uuid of their leg, which stays at the switch whatever comes of it. */
import type { Call } from '../call/call.ts'
import type { CallHouse } from '../call/house.ts'
import type { Leg } from '../call/leg.ts'
import { parkedLeg } from '../call/parked.ts'
import { step } from '../call/steps.ts'
import type { Party } from '../call/verbs/dial.ts'
import { uuid as parseUuid } from '../esl/words.ts'
import type { LeasedAgent } from './promise.ts'

export interface OnTheLine extends Disposable {
  readonly leg: Call
}

/** Can they be joined with this call? Not when they have just left, or are on the line of another switch. */
export async function isOnTheLine({ home }: Leg, { saved }: LeasedAgent): Promise<boolean> {
  return saved.leg !== null && home !== null && (await home.lives(parseUuid(saved.leg))) !== 'no'
}

/** Their leg, until it is disposed: its end is nobody's business here after that. */
export function onTheLine(leg: Leg, house: CallHouse, { saved }: LeasedAgent): OnTheLine {
  const parked = parkedLeg(parseUuid(saved.leg!), leg.home!, { clock: house.clock, log: house.log })
  parked.steps = leg.steps
  void leg.moved.then(() => parked.giveAway('taken')) // nobody disposes of it then
  return { leg: house.callOf(parked), [Symbol.dispose]: () => parked.giveAway('taken') }
}

/** What dialling them is: they are there at once, or the promise has come to nothing and they rest. Nothing rings, for their telephone is in use. */
export function takeFromLine(leg: Leg, house: CallHouse, agent: LeasedAgent): Promise<Party> {
  return step<Party>(leg, {
    verb: `agent ${agent.name} on the line`,
    async run() {
      if (await isOnTheLine(leg, agent)) return party(leg, house, agent)
      house.log.info({ uuid: leg.uuid, agent: agent.name }, 'an agent who was on the line cannot be joined from here')
      await agent.missed('failed')
      return FAILED
    },
    save: ({ outcome }) => outcome,
    load: outcome => (outcome === 'answered' ? party(leg, house, agent) : FAILED),
  })
}

const FAILED: Party = { outcome: 'failed', async [Symbol.asyncDispose]() {} }

function party(leg: Leg, house: CallHouse, agent: LeasedAgent): Party {
  const there = onTheLine(leg, house, agent)
  return { outcome: 'answered', leg: there.leg, [Symbol.asyncDispose]: async () => there[Symbol.dispose]() }
}
