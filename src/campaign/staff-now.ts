/** The agents of a campaign at this moment, by what keeps them from taking a lead. Pure. Used by `campaign why`. */
import { isHeldForLead, whyNotNow, type Agent } from '../agent/agent.ts'
import { takesLeadsOf } from '../agent/settings.ts'

export interface StaffNow {
  /** They serve the queue and take leads: the sum of the others. */
  readonly agents: number
  readonly loggedOut: number
  readonly onBreak: number
  /** Logged in, and their telephone is not on the line. */
  readonly notOnLine: number
  readonly talking: number
  readonly wrapUp: number
  /** A telephone rings for them, they are on another call, or they rest after a call that they did not answer. */
  readonly busyOtherwise: number
  /** On the line, and reserved for a lead that is dialled. */
  readonly withCall: number
  /** On the line and free. */
  readonly free: number
}

/** `now`: ms since the epoch; the agents are as of then. */
export function staffNow(agents: readonly Agent[], queue: string, now: number): StaffNow {
  const own = agents.filter(agent => takesLeadsOf(agent, queue))
  const kinds = own.map(agent => kindOf(agent, now))
  const count = (kind: ReturnType<typeof kindOf>) => kinds.filter(one => one === kind).length
  return {
    agents: own.length,
    loggedOut: count('loggedOut'),
    onBreak: count('onBreak'),
    notOnLine: count('notOnLine'),
    talking: count('talking'),
    wrapUp: count('wrapUp'),
    busyOtherwise: count('busyOtherwise'),
    withCall: count('withCall'),
    free: count('free'),
  }
}

function kindOf(agent: Agent, now: number): Exclude<keyof StaffNow, 'agents'> {
  if (isHeldForLead(agent)) return 'withCall'
  if (agent.state === 'talking') return 'talking'
  if (agent.status === 'logged-out') return 'loggedOut'
  if (agent.status === 'break') return 'onBreak'
  if (agent.nailed === null) return 'notOnLine'
  const why = whyNotNow(agent, now)
  if (why === null) return 'free'
  return why === 'wrap-up' ? 'wrapUp' : 'busyOtherwise'
}
