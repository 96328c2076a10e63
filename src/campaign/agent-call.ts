/**
 * Calls one agent to nail them up. The nailed-up leg is written to the roster before the phone rings. So when the node
 * dies in between, no leg stays unknown: another node waits for the outcome.
 *
 * While the phone rings the roster shows the agent as ringing, under a normal reservation, so no queue calls the agent
 * at the same time. The rests of rest.ts apply, and the break after several calls without an answer. Used by
 * nailed-agents.ts.
 */
import type { Agent } from '../agent/agent.ts'
import { warnOnceUnreachable } from '../agent/rest.ts'
import { telephonesOf } from '../agent/settings.ts'
import type { Roster } from '../agent/roster.ts'
import type { Clock } from '../base/clock.ts'
import { CallMoved, InputError, SwitchError } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import { AGENT_OUTCOME } from '../call/agent-outcome.ts'
import type { DialOutcome } from '../switch/hangup-cause.ts'
import { lineFor, NO_LINE } from '../switch/gateway-lines.ts'
import { originate } from '../switch/originate.ts'
import type { Switchboard } from '../switch/switchboard.ts'
import { dial, endpoint, newUuid, uuid as parseUuid, type Endpoint, type Uuid } from '../esl/safe-text.ts'
import { NailedLeg } from './nailed-leg.ts'
import type { NailedLegs } from './nailed-legs.ts'

/** The node in a nailed-up leg that no node watches: a node that needs the agent takes the leg over. */
export const NOBODY = ''

/** A reservation outlasts the ringing by this much, so that FreeSWITCH can report the outcome. */
const GRACE_MS = 10_000

export interface AgentCallParts {
  readonly switchboard: Switchboard
  readonly nailedLegs: NailedLegs
  readonly roster: Roster
  readonly clock: Clock
  readonly log: Log
  readonly node: string
  /** The caller id that agents see. */
  readonly callerId?: string | undefined
}

/** The agent's phone rings for their own nailed-up leg. */
export const isCalled = ({ state, reservation, nailed }: Agent): boolean =>
  state === 'ringing' && nailed !== null && reservation?.for === nailed.leg

/**
 * The nailed-up leg; null when the agent did not answer, or when another node watches the leg. Abort the signal with
 * CallMoved to leave the ringing phone to another node, with any other reason to stop the ringing. When the agent
 * `isCalled` already, by a node that is gone, it only waits for the outcome. Rejects when the roster is unavailable.
 */
export async function callAgent(agent: Agent, parts: AgentCallParts, signal: AbortSignal): Promise<NailedLeg | null> {
  const { roster, clock, node } = parts
  const { name, ringForMs } = agent
  const to = dialable(telephonesOf(agent)[0]!) // an agent of several telephones is nailed up at the first
  if (to === null) {
    await takeABreak(name, 'bad endpoint', parts) // else the next attempt would follow at once
    return null
  }
  // another node receives the events of that leg
  if (agent.nailed && (await parts.switchboard.isElsewhere(agent.nailed.core))) return null
  const sent = isCalled(agent)
  const leg = sent ? parseUuid(agent.nailed!.leg) : newUuid()
  const epoch = sent ? agent.reservation!.epoch : await roster.reserve(name, leg, clock.now(), ringForMs + GRACE_MS)
  if (epoch === null) return null // another node or queue was faster

  const { nailedLeg, outcome } = await ring({ agent, to, leg, epoch, sent }, parts, signal)
  // after a freeze of this node the agent may have another leg, or another node may watch this one: that record stays
  const isOurs = ({ nailed }: Agent) => nailed?.leg === leg && nailed.node === node
  if (outcome === 'answered') {
    try {
      await roster.release(name, epoch, 'caller-left', clock.now()) // no rest: the agent is nailed up and free
      // the second write of the leg: it resets the counts of unanswered calls
      if (!nailedLeg!.over) await roster.nail(name, { leg, node }, clock.now(), isOurs)
    } catch (error) {
      nailedLeg![Symbol.dispose]() // when the reservation expires, a node looks for the leg
      throw error
    }
    return nailedLeg
  }
  nailedLeg?.[Symbol.dispose]()
  if (outcome === 'moved') {
    await roster.nail(name, { leg, node: NOBODY }, clock.now(), isOurs)
    return null
  }
  await roster.nail(name, null, clock.now(), isOurs)
  const released = await roster.release(name, epoch, AGENT_OUTCOME[outcome], clock.now())
  if (released && outcome === 'invalid') warnOnceUnreachable(parts.log, released)
  return null
}

interface Ringing {
  readonly agent: Agent
  readonly to: Endpoint
  readonly leg: Uuid
  readonly epoch: number
  readonly sent: boolean
}

/**
 * A failure of the phone or of FreeSWITCH is an outcome and does not reject. Rejects when the roster is unavailable.
 */
async function ring(
  { agent, to, leg, epoch, sent }: Ringing,
  parts: AgentCallParts,
  signal: AbortSignal,
): Promise<{ nailedLeg: NailedLeg | null; outcome: DialOutcome | 'moved' }> {
  const { roster, clock, log, switchboard, nailedLegs, node, callerId } = parts
  const { name, ringForMs } = agent
  let nailedLeg: NailedLeg | null = null
  try {
    if (!sent && !(await roster.advance(name, epoch, 'ringing', clock.now())))
      return { nailedLeg, outcome: 'cancelled' }
    nailedLeg = sent
      ? await NailedLeg.find(switchboard, leg, clock, signal)
      : new NailedLeg(leg, nailedLegs.homeOfNext(switchboard.switches) ?? switchboard.any())
    if (!nailedLeg) return { nailedLeg, outcome: 'failed' }
    const { nailed } = await roster.nail(
      name,
      { leg, node, core: nailedLeg.home.facts.core },
      clock.now(),
      ({ reservation }) => reservation?.epoch === epoch,
    )
    // otherwise this node was frozen, and the agent is reserved for another call
    if (nailed?.leg !== leg) return { nailedLeg, outcome: 'cancelled' }
    const shown = callerId === undefined ? undefined : dial(callerId)
    const line = await lineFor(switchboard, nailedLeg.home, to, leg)
    if (!line) {
      log.info({ agent: name, cause: NO_LINE }, 'agent was not nailed up')
      return { nailedLeg, outcome: 'refused' }
    }
    const { outcome, cause } = await originate(nailedLeg.home, {
      uuid: leg,
      endpoint: to,
      flow: null,
      ringForMs,
      callerId: shown,
      sent,
      signal,
      clock,
      log,
    })
    if (outcome === 'answered') return { nailedLeg, outcome }
    line.over()
    if (signal.reason instanceof CallMoved) return { nailedLeg, outcome: 'moved' }
    log.info({ agent: name, outcome, cause }, 'agent was not nailed up')
    return { nailedLeg, outcome }
  } catch (error) {
    if (signal.reason instanceof CallMoved) return { nailedLeg, outcome: 'moved' }
    if (!signal.aborted && !(error instanceof SwitchError)) {
      nailedLeg?.[Symbol.dispose]()
      throw error // the record has the leg: when the reservation expires, a node looks for it
    }
    log.warn({ agent: name, error: (error as Error).message }, 'calling an agent failed')
    return { nailedLeg, outcome: 'failed' }
  }
}

function dialable(text: string): Endpoint | null {
  try {
    return endpoint(text)
  } catch (error) {
    if (!(error instanceof InputError)) throw error
    return null
  }
}

async function takeABreak(name: string, reason: string, { roster, clock }: AgentCallParts): Promise<void> {
  await roster.setStatus(name, 'break', clock.now(), reason)
}
