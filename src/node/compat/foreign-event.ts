/** An event of another system, as FreeSWITCH carries it. */
import type { AgentState, AgentStatus } from '../../agent/agent.ts'
import type { EventData, EventName } from '../../events/catalogue.ts'
import type { OwnSubclass } from '../../esl/command.ts'
import type { CallFacts } from './call-facts.ts'

export interface ForeignEvent {
  readonly subclass: OwnSubclass
  /** The values are untrusted texts. An empty value is left out. */
  readonly headers: Readonly<Record<string, string>>
}

/** What an agent chose and does, before and after a change. */
interface AgentChange {
  readonly agent: string
  readonly extension: string
  readonly before: { readonly status: AgentStatus; readonly state: AgentState }
  readonly after: { readonly status: AgentStatus; readonly state: AgentState }
}

/** The events of another system that follow from ours; none for most. Pure. */
export interface Dialect {
  /** `call`: what was told of the call, with this event. `at`: now, milliseconds since the epoch. */
  ofCall<N extends EventName>(name: N, data: EventData<N>, call: CallFacts, at: number): readonly ForeignEvent[]
  ofAgent(change: AgentChange): readonly ForeignEvent[]
}
