/** How an author writes a flow: a function, with what it needs. Calling a flow is calling a function. */
import type { Disposition } from '../campaign/disposition.ts'
import type { FlowCall } from './flow-call.ts'
import type { Lead } from './lead.ts'
import type { Needs, Params } from './params.ts'

const FLOW = Symbol.for('switchhook.flow')

export interface Flow<N extends Needs = Needs> {
  /** `await other(call)` comes back, `return other(call)` hands over. */
  (call: FlowCall, ...params: keyof N extends never ? [] : [params: Params<N>]): Promise<unknown>
  readonly [FLOW]: 'flow'
  readonly needs: N
}

/** The flow of a call that a campaign made. Every way out of it names what became of the lead; one without does not compile. */
export interface CampaignFlow {
  (call: FlowCall, lead: Lead): Promise<Disposition>
  readonly [FLOW]: 'campaign'
}

/** `flow(async call => …)`, or with needs `flow({ queue: text() }, async (call, { queue }) => …)`. */
export function flow(body: (call: FlowCall) => Promise<unknown>): Flow<{}>
export function flow<N extends Needs>(needs: N, body: (call: FlowCall, params: Params<N>) => Promise<unknown>): Flow<N>
export function flow(
  first: Needs | ((call: FlowCall) => Promise<unknown>),
  second?: (call: FlowCall, params: never) => Promise<unknown>,
): unknown {
  const body = (typeof first === 'function' ? first : second) as (call: FlowCall, params?: unknown) => Promise<unknown>
  const needs = typeof first === 'function' ? {} : first
  return Object.assign((call: FlowCall, params?: unknown) => body(call, params), { [FLOW]: 'flow' as const, needs })
}

export function campaignFlow(body: (call: FlowCall, lead: Lead) => Promise<Disposition>): CampaignFlow {
  return Object.assign((call: FlowCall, lead: Lead) => body(call, lead), { [FLOW]: 'campaign' as const })
}

/** What a script's default export is: 'flow', 'campaign', or null for anything else. */
export function kindOf(value: unknown): 'flow' | 'campaign' | null {
  if (typeof value !== 'function' || !(FLOW in value)) return null
  return (value as Flow | CampaignFlow)[FLOW]
}
