/** How an author writes a flow: a function, with the values that it needs. One flow calls another as a function. */
import type { Disposition } from '../campaign/disposition.ts'
import type { CallbackEnd } from '../queue/callbacks/callback-ends.ts'
import type { Callback } from './callback.ts'
import type { FlowCall } from './flow-call.ts'
import type { Lead } from './lead.ts'
import type { Needs, Params } from './params.ts'

const FLOW = Symbol.for('switchhook.flow')

/** A flow, made by flow(). It is a function, so another flow calls it: `queueEntry(call, { queue: 'sales' })`. */
export interface Flow<N extends Needs = Needs> {
  /**
   * `await other(call)` returns to the calling flow; `return other(call)` ends the calling flow with the other one's
   * result. Resolves with what the flow returns. Rejects with CallEnded when the caller hangs up, and with whatever the
   * flow throws.
   */
  (call: FlowCall, ...params: keyof N extends never ? [] : [params: Params<N>]): Promise<unknown>
  readonly [FLOW]: 'flow'
  /** The values that the flow needs, by name: text(), integer(), choice(), optional(). */
  readonly needs: N
}

/**
 * The flow of a call that a campaign made, made by campaignFlow(). Every path returns a disposition; a path without one
 * does not compile.
 */
export interface CampaignFlow {
  /** Resolves with the disposition of the lead. Rejects with CallEnded when the lead hangs up. */
  (call: FlowCall, lead: Lead): Promise<Disposition>
  readonly [FLOW]: 'campaign'
}

/** The flow of promised callbacks, made by callbackFlow(). */
export interface CallbackFlow {
  /** Resolves with the end of the attempt. Rejects with CallEnded when the person on this line hangs up. */
  (call: FlowCall, callback: Callback): Promise<CallbackEnd>
  readonly [FLOW]: 'callback'
}

/**
 * Makes a flow: the default export of a file in scripts/. A string of at most 64 characters that it returns is the
 * outcome in the call's record. When it ends, the call is hung up; when it throws, the caller is transferred to the
 * fallback. The end of the call is no error.
 *
 * @example
 * export default flow(async call => {
 *   await call.answer()
 *   await call.play('ivr/hello')
 * })
 */
export function flow(body: (call: FlowCall) => Promise<unknown>): Flow<{}>
/**
 * Makes a flow that needs values. Each value comes from the flow that calls it, or from the channel variable of the
 * same name. When a value is missing or wrong, the flow does not run and the caller is transferred to the fallback.
 *
 * @example
 * export default flow({ queue: text() }, async (call, { queue }) => {
 *   await using place = await call.enqueue(queue)
 *   await using agent = await place.agent({ within: '45s' })
 * })
 */
export function flow<N extends Needs>(needs: N, body: (call: FlowCall, params: Params<N>) => Promise<unknown>): Flow<N>
export function flow(
  first: Needs | ((call: FlowCall) => Promise<unknown>),
  second?: (call: FlowCall, params: never) => Promise<unknown>,
): unknown {
  const body = (typeof first === 'function' ? first : second) as (call: FlowCall, params?: unknown) => Promise<unknown>
  const needs = typeof first === 'function' ? {} : first
  return Object.assign((call: FlowCall, params?: unknown) => body(call, params), { [FLOW]: 'flow' as const, needs })
}

/**
 * Makes the flow of a campaign's calls: it runs when a lead has answered. It returns a disposition on every path. When
 * it throws, the disposition is 'error'. When the lead hangs up, it is 'talked' after a talk, 'abandoned' when no agent
 * was free, else 'hung-up'.
 *
 * @example
 * export default campaignFlow(async (call, lead) => {
 *   const heard = await call.detect()
 *   if (heard !== 'person') return heard
 *   const agent = await lead.agent()
 *   if (!agent) return 'abandoned'
 *   return (await call.join(agent.leg)) === 'talked' ? 'talked' : 'abandoned'
 * })
 */
export function campaignFlow(body: (call: FlowCall, lead: Lead) => Promise<Disposition>): CampaignFlow {
  return Object.assign((call: FlowCall, lead: Lead) => body(call, lead), { [FLOW]: 'campaign' as const })
}

/**
 * Makes the flow of promised callbacks: it runs when the first telephone has answered, the agent's or the customer's.
 * It returns on every path how the attempt ended; what follows (another try, or none) is the queue's settings' matter.
 * When it throws, the end is 'error'. When the person on this line hangs up, it is 'talked' after a talk, 'hung-up' for
 * the customer, 'cancelled' for an agent while the customer is called, and 'not-taken' for an agent before that.
 *
 * @example
 * export default callbackFlow(async (call, callback) => {
 *   await using party = await callback.dial()
 *   if (!party.leg) return party.outcome
 *   return (await call.join(party.leg)) === 'talked' ? 'talked' : 'hung-up'
 * })
 */
export function callbackFlow(body: (call: FlowCall, callback: Callback) => Promise<CallbackEnd>): CallbackFlow {
  return Object.assign((call: FlowCall, callback: Callback) => body(call, callback), { [FLOW]: 'callback' as const })
}

/** The kind of a script's default export: 'flow', 'campaign', 'callback', or null for anything else. */
export function kindOf(value: unknown): 'flow' | 'campaign' | 'callback' | null {
  if (typeof value !== 'function' || !(FLOW in value)) return null
  return (value as Flow | CampaignFlow | CallbackFlow)[FLOW]
}
