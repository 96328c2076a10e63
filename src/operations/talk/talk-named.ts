/** The talk that an operation names: by the uuid of the call, or by the agent who talks. */
import { z } from 'zod'
import type { Roster } from '../../agent/roster.ts'
import type { Clock } from '../../base/clock.ts'
import { Refusal } from '../../base/errors.ts'
import { mustBeAgent } from '../agent/agent-named.ts'
import { described, parsed } from '../../base/parsed.ts'
import { phoneNumber } from '../../esl/phone-number.ts'
import { endpoint } from '../../esl/safe-text.ts'

export const talk = described(
  z.string().min(1),
  'the uuid of the call (`switchhook calls --long` shows it), or the name of the agent who talks',
)

/** A telephone number as people write it, or an endpoint. */
export const somebody = parsed(text => (text.includes('/') ? endpoint(text) : phoneNumber(text)))

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** The uuid of the call. Rejects with NotFoundError for an unknown agent, WRONG_STATE for one who does not talk. */
export async function callOf(parts: { readonly roster: Roster; readonly clock: Clock }, name: string): Promise<string> {
  if (UUID.test(name)) return name
  const { state, reservation } = await mustBeAgent(parts, name)
  if (state !== 'talking' || !reservation) throw new Refusal('WRONG_STATE', `agent ${name} does not talk: ${state}`)
  return reservation.for
}
