/**
 * An agent who is reserved for a caller by name, without a queue: a transfer to a colleague, an agent's own number. The
 * reservation is that of every other caller (agent-reservation.ts); only the place in a queue is missing.
 */
import type { WhyNot } from '../agent/agent.ts'
import { reserveByName } from '../agent/reserve-by-name.ts'
import { CallMoved, NotFoundError } from '../base/errors.ts'
import { AgentReservation } from './agent-reservation.ts'
import { HOLD_MS } from './place.ts'
import type { PlaceContext, PlaceOfCall, WaitingCall } from './place-context.ts'

/** Stands for the place of a caller who waits in no queue. */
class NoPlace implements PlaceOfCall {
  readonly queue = ''
  readonly context: PlaceContext
  readonly call: WaitingCall

  constructor(context: PlaceContext, call: WaitingCall) {
    this.context = { ...context, rewrite: async () => {}, settingsOf: () => undefined, addsAgents: () => false }
    this.call = call
  }

  get isMoved(): boolean {
    return this.call.signal.aborted && this.call.signal.reason instanceof CallMoved
  }

  givesBack(): void {}
  releasesOthers(): void {}
  async waitsOn(): Promise<void> {}
}

/** Reserves the agent for HOLD_MS; else resolves with why the agent gets no call now. Rejects with NotFoundError. */
export function reserveNamed(
  context: PlaceContext,
  call: WaitingCall,
  name: string,
): Promise<AgentReservation | WhyNot> {
  const { roster, clock, requests } = context
  return requests.forCaller('reserving an agent by name failed', call.signal, async () => {
    const now = clock.now()
    const reserved = await reserveByName(roster, name, call.uuid, now, HOLD_MS)
    if (reserved === null) throw new NotFoundError('agent', name, null)
    if (typeof reserved === 'string') return reserved
    return AgentReservation.at(new NoPlace(context, call), reserved.agent, reserved.epoch)
  })
}

/** The end of a replay: a reservation that another process held holds here, unless it is over. */
export async function resumeNamed(
  context: PlaceContext,
  call: WaitingCall,
  reservation: AgentReservation,
): Promise<void> {
  if (reservation.scopeEnded) return
  const { roster, clock, requests } = context
  const { name, epoch } = reservation.saved
  const hold = () => roster.hold(name, epoch, clock.now(), HOLD_MS)
  const agent = await requests.forCaller('prolonging a reservation failed', call.signal, hold)
  if (agent) reservation.resumed(new NoPlace(context, call), agent)
}

/** Releases the agents who ring or talk for this call: their flow was interrupted on a node that has died. */
export async function releaseAgentsOf({ roster, clock, requests }: PlaceContext, call: WaitingCall): Promise<void> {
  await requests.inBackground('releasing the agents of a call failed', async () => {
    for (const { name, state, reservation } of await roster.list(clock.now())) {
      if (reservation?.for !== call.uuid || state === 'reserved') continue
      await roster.release(name, reservation.epoch, state === 'talking' ? 'talked' : 'caller-left', clock.now())
    }
  })
}
