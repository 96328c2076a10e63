/**
 * Calls one agent, to stay on the line. Their leg is written down before their phone rings, so that no death in between leaves somebody
 * on a line that nobody knows: another node waits for the outcome then.
 *
 * While it rings the roster shows them as ringing, under a reservation like any other, so no queue rings them at the same time; its rests
 * apply, and three calls in a row without an answer make a break ('no answer', as max-no-answer of mod_callcenter does).
 */
import type { Agent, Outcome } from '../agent/agent.ts'
import { warnOnceUnreachable } from '../agent/rest.ts'
import type { Roster } from '../agent/roster.ts'
import type { Clock } from '../base/clock.ts'
import { CallMoved, InputError, SwitchError } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import type { DialOutcome } from '../switch/hangup-cause.ts'
import { originate } from '../switch/originate.ts'
import type { Switchboard } from '../switch/switchboard.ts'
import { dial, endpoint, newUuid, uuid as parseUuid, type Endpoint, type Uuid } from '../esl/safe-text.ts'
import { NailedLeg } from './nailed-leg.ts'
import type { NailedLegs } from './nailed-legs.ts'

/** The node of an agent on the line for whom no node cares any more: whoever needs them takes them. */
export const NOBODY = ''

const MAX_NO_ANSWER = 3
/** A reservation outlasts the ringing by this much, for the switch to say how it ended. */
const GRACE_MS = 10_000
/** What a dial that did not reach the agent means for the agent, whoever dialled. */
export const REST: Readonly<Record<Exclude<DialOutcome, 'answered'>, Outcome>> = {
  busy: 'busy',
  'no-answer': 'no-answer',
  declined: 'declined',
  cancelled: 'caller-left',
  invalid: 'unreachable',
  failed: 'failed',
  refused: 'failed',
  lost: 'failed',
}

export interface AgentCallParts {
  readonly switchboard: Switchboard
  readonly nailedLegs: NailedLegs
  readonly roster: Roster
  readonly clock: Clock
  readonly log: Log
  readonly node: string
  /** The number that agents are shown. */
  readonly callerId?: string | undefined
}

/** Their phone rings to bring them on the line. */
export const isCalled = ({ state, reservation, nailed }: Agent): boolean =>
  state === 'ringing' && nailed !== null && reservation?.for === nailed.leg

/**
 * Null when they did not come on the line, or are another node's: the signal aborts with CallMoved for that, with anything else to stop
 * the ringing. An agent who `isCalled` is called already, by a node that is gone: only the outcome is waited for.
 * Rejects when the roster is away.
 */
export async function callAgent(agent: Agent, parts: AgentCallParts, signal: AbortSignal): Promise<NailedLeg | null> {
  const { roster, clock, node } = parts
  const { name, ringForMs } = agent
  const to = dialable(agent.endpoint)
  if (to === null) {
    await takeABreak(name, 'bad endpoint', parts) // else it would be tried again at once
    return null
  }
  if (agent.nailed && (await parts.switchboard.isElsewhere(agent.nailed.core))) return null // another node hears what becomes of it
  const sent = isCalled(agent)
  const leg = sent ? parseUuid(agent.nailed!.leg) : newUuid()
  const epoch = sent ? agent.reservation!.epoch : await roster.reserve(name, leg, clock.now(), ringForMs + GRACE_MS)
  if (epoch === null) return null // somebody was faster

  const { nailedLeg, outcome } = await ring({ agent, to, leg, epoch, sent }, parts, signal)
  // who stood still meanwhile may find the agent on another line, or this one in the care of another node: that stands
  const isOurs = ({ nailed }: Agent) => nailed?.leg === leg && nailed.node === node
  if (outcome === 'answered') {
    try {
      await roster.release(name, epoch, 'caller-left', clock.now()) // no rest: they are on the line and free
      if (!nailedLeg!.over) await roster.nail(name, { leg, node }, clock.now(), isOurs) // once more: what they did not answer before is forgiven
    } catch (error) {
      nailedLeg![Symbol.dispose]() // at the end of the reservation the leg is looked for
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
  const released = await roster.release(name, epoch, REST[outcome], clock.now())
  if (released && outcome === 'no-answer' && released.noAnswers >= MAX_NO_ANSWER)
    await takeABreak(name, 'no answer', parts)
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

/** Never rejects for what the phone or the switch does. */
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
      : new NailedLeg(leg, nailedLegs.busiest ?? switchboard.any())
    if (!nailedLeg) return { nailedLeg, outcome: 'failed' }
    const { nailed } = await roster.nail(
      name,
      { leg, node, core: nailedLeg.home.facts.core },
      clock.now(),
      ({ reservation }) => reservation?.epoch === epoch,
    )
    if (nailed?.leg !== leg) return { nailedLeg, outcome: 'cancelled' } // we stood still, and they belong to somebody else
    const shown = callerId === undefined ? undefined : dial(callerId)
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
    if (signal.reason instanceof CallMoved) return { nailedLeg, outcome: 'moved' }
    log.info({ agent: name, outcome, cause }, 'an agent did not come on the line')
    return { nailedLeg, outcome }
  } catch (error) {
    if (signal.reason instanceof CallMoved) return { nailedLeg, outcome: 'moved' }
    if (!signal.aborted && !(error instanceof SwitchError)) {
      nailedLeg?.[Symbol.dispose]()
      throw error // the record says what is known: at the end of the reservation the leg is looked for
    }
    log.warn({ agent: name, error: (error as Error).message }, 'an agent could not be called')
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

async function takeABreak(name: string, reason: string, { roster, clock, log }: AgentCallParts): Promise<void> {
  log.info({ agent: name, reason }, 'an agent was sent on a break')
  await roster.setStatus(name, 'break', clock.now(), reason)
}
