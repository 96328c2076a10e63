/**
 * Pacing: how many leads one mode of dialling wants to be called now. A mode is a pacer: it is told what happens
 * (events), is asked with what can be seen at this moment (state), and answers with a number and its reason. It has no
 * clock, no store and no chance, so the same events and states give the same decisions, also after its record was
 * saved and restored on another node. dial-limits.ts caps the number: lines, calls per second, a FreeSWITCH that is
 * down.
 *
 * All moments are milliseconds of one clock, all durations milliseconds.
 */

/** `waiting`: a person, without an agent. */
export type CallPhase = 'dialing' | 'ringing' | 'answered' | 'waiting'

export interface PacedAgent {
  readonly id: string
  readonly state: 'free' | 'talk' | 'wrap'
  /** Since when the agent is in this state. */
  readonly since: number
  /** The agent takes no further call: a break or the end of the shift follows the present one. */
  readonly leaving: boolean
}

export interface PacedCall {
  readonly id: string
  readonly phase: CallPhase
  readonly dialledAt: number
  /** Since when the call is in this phase. */
  readonly phaseAt: number
  /** The person counts as abandoned when there is no agent at this moment; null: not known yet. */
  readonly deadline: number | null
  /**
   * Probability that a person answers this lead, from 0 to 1, as it was estimated before the dial. Only the difference
   * to the mean of all leads counts; the rate of the campaign is estimated by the pacer.
   */
  readonly pAnswer?: number
}

export interface PacingPolicy {
  /** Share of the people who answered that may be abandoned: 0.03 for 3 %. That of the law at most (law-now.ts). */
  readonly target: number
  /** A person who answered must have an agent within so many milliseconds … */
  readonly connectWithinMs: number
  /** … from this moment on (16 CFR 310.4(b)(4): the end of the greeting; Ofcom: the answer). */
  readonly clock: 'answer' | 'greeting-end'
  /**
   * When the window of the policy, or the dialling of its last day, ends; null: not known. A deviation from the target
   * is corrected over the time that is left, which costs less than correcting it at once. Only a simulation knows it:
   * in the product it is null (law-now.ts).
   */
  readonly endsAt: number | null
}

/** What the ledger of the campaign counts in the window of its policy. It survives restarts and may be corrected. */
export interface PacingBudget {
  /** Calls that a person answered, abandoned ones included. */
  readonly live: number
  readonly abandoned: number
}

export interface PacingState {
  readonly now: number
  /** Agents who are logged in for the campaign. */
  readonly agents: readonly PacedAgent[]
  /** Calls from the dial until an agent has them or they are over. */
  readonly calls: readonly PacedCall[]
  readonly policy: PacingPolicy
  readonly budget: PacingBudget
  /** `pAnswer` of the leads that are next, in their order; without it they count as average leads. */
  readonly nextLeads?: readonly number[]
}

export type PacingEvent =
  /** `pAnswer`: as in PacedCall. */
  | { readonly type: 'dialled'; readonly call: string; readonly at: number; readonly pAnswer?: number }
  | { readonly type: 'ringing' | 'answered' | 'human'; readonly call: string; readonly at: number }
  /** The call is over without a person: not answered, refused, or a machine answered. */
  | { readonly type: 'ended'; readonly call: string; readonly at: number }
  | { readonly type: 'connected'; readonly call: string; readonly agent: string; readonly at: number }
  | { readonly type: 'abandoned'; readonly call: string; readonly at: number }
  | {
      readonly type: 'talk-ended' | 'wrap-ended'
      readonly agent: string
      readonly at: number
      readonly lastedMs: number
    }
  | { readonly type: 'logged-in' | 'logged-out'; readonly agent: string; readonly at: number }

/**
 * Why not more. `agents`: each free agent has a call. `ratio`: as many calls as the ratio allows. `risk`: the next call
 * would more probably than allowed find no agent. `budget`: too many people were abandoned, so one call per free agent.
 */
export type PacingWhy = 'no-agents' | 'agents' | 'ratio' | 'risk' | 'budget'

/** What a status line shows beside a decision. */
export interface PacingFigures {
  /** Calls under way, with those of this decision, for each agent who is logged in. */
  readonly callsPerAgent: number
  /** Probability of finding no agent that the next call may have; null: the mode does not use it. */
  readonly theta: number | null
  /** That probability, as predicted for the call that was not made; null: not predicted. */
  readonly risk: number | null
  /** How many people are expected to answer, of the calls that are under way; null: not predicted. */
  readonly predictedAnswers: number | null
  /** Estimated probability that a lead answers; null: not estimated. */
  readonly answerRate: number | null
  /** Share of the allowed abandonments that is used: 1 is the limit; 0 before anybody answered. */
  readonly budgetUsed: number
}

export interface PacingDecision {
  readonly howMany: number
  readonly why: PacingWhy
  readonly figures: PacingFigures
}

export interface Pacer {
  onEvent(event: PacingEvent): void
  decide(state: PacingState): PacingDecision
}

/** Free agents who take another call. */
export const freeAgents = ({ agents }: PacingState): number =>
  agents.reduce((count, { state, leaving }) => count + (state === 'free' && !leaving ? 1 : 0), 0)

export const budgetUsed = ({ budget, policy }: PacingState): number =>
  budget.live > 0 ? budget.abandoned / (budget.live * policy.target) : 0

/** The figures of a mode that predicts nothing. */
export const plainFigures = (state: PacingState, howMany: number): PacingFigures => ({
  callsPerAgent: state.agents.length > 0 ? (state.calls.length + howMany) / state.agents.length : 0,
  theta: null,
  risk: null,
  predictedAnswers: null,
  answerRate: null,
  budgetUsed: budgetUsed(state),
})
