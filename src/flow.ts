/**
 * "#flow": everything that a flow may import, and nothing else. Scripts in scripts/ import it as `#flow`.
 *
 * @example
 * import { flow } from '#flow'
 * export default flow(async call => {
 *   await call.answer()
 *   await call.play('ivr/hello')
 * })
 */
export { flow, campaignFlow, callbackFlow, type Flow, type CampaignFlow, type CallbackFlow } from './flow/define.ts'
export type { Uses } from './flow/uses.ts'
export { text, integer, choice, optional, type Need } from './flow/params.ts'
export type { FlowCall } from './flow/flow-call.ts'
export type { Operated } from './flow/operate.ts'
export type { AgentThere } from './call/call-context.ts'
export type { Exit, FlowPlace } from './flow/queue-place.ts'
export type { TakeEnd, TakeOptions } from './flow/take-caller.ts'
export type { EnqueueOptions } from './flow/enqueue-options.ts'
export type { Agent } from './flow/agent-reservations.ts'
export type { Callback } from './flow/callback.ts'
export type { CallbackEnd } from './queue/callbacks/callback-ends.ts'
export type { Lead, LeadAgent } from './flow/lead.ts'
export type { Call } from './call/call.ts'
export type { Party } from './call/call.ts'
export type { Recording } from './call/verbs/recording.ts'
export { number, digits, silence, type Prompt } from './call/verbs/prompts.ts'
export { dialable } from './esl/phone-number.ts'
export type { Heard } from './call/verbs/detect.ts'
export type { GreetingEnd } from './call/verbs/beep.ts'
export type { Duration } from './base/duration.ts'
export type { Disposition } from './campaign/disposition.ts'
export { CallEnded, SwitchError, InputError } from './base/errors.ts'
