/** The promise of one agent to one call: part of the agent's record (agent.ts says who may make, use and end it). */
export interface Reservation {
  /** Fences every later step: who comes with another epoch comes too late. Never given out twice. */
  readonly epoch: number
  /** The uuid of the caller (or of the lead's call) the agent is promised to. */
  readonly for: string
  /** The queue that reserved, or null when it was somebody else (a campaign). */
  readonly queue: string | null
  /** When it lapses by itself; null while talking. */
  readonly deadline: number | null
  /** The call for which they were reserved before, and from which they were taken: it has no agent now. */
  readonly insteadOf?: string
}
