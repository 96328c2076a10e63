/**
 * The reservation of one agent for one call: part of the agent's record. agent.ts has the functions that make, use and
 * end it.
 */
export interface Reservation {
  /** Fences every later step: a step with another epoch is refused. No epoch is given out twice. */
  readonly epoch: number
  /** The uuid of the call for which the agent is reserved: a caller's or a lead's. */
  readonly for: string
  /** The queue that reserved the agent, or null when a campaign did. */
  readonly queue: string | null
  /** When the reservation expires by itself, ms since the epoch; null while the agent talks. */
  readonly deadline: number | null
  /** The call for which the agent was reserved before this one: that call has no agent now. */
  readonly insteadOf?: string
}

/** An agent who has dialled in to take callers on that very leg (dialled-in.ts). */
export interface DialledIn {
  readonly leg: string
  /** The flow to which the leg returns after a talk. */
  readonly flow: string
  /** The step of that flow that takes a caller. */
  readonly step: string
  /** The caller with whom the agent talked in this step; absent: nobody yet. */
  readonly served?: string | undefined
}
