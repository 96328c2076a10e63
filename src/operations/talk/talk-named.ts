/** The talk that an operation names (by the uuid of the call, or by the agent who talks), and operations on it. */
import { z } from 'zod'
import type { Roster } from '../../agent/roster.ts'
import type { Clock } from '../../base/clock.ts'
import type { Country } from '../../base/country.ts'
import { NotFoundError, Refusal } from '../../base/errors.ts'
import { mustBeAgent } from '../agent/agent-named.ts'
import { described, parsed } from '../../base/parsed.ts'
import { inCountry, phoneNumber } from '../../esl/phone-number.ts'
import { dial, endpoint } from '../../esl/safe-text.ts'
import { operation, type LiveCalls, type Operation } from '../operation.ts'

export const talk = described(
  z.string().min(1),
  'the uuid of the call (`switchhook calls --long` shows it), or the name of the agent who talks',
)

/** A telephone number as people write it (030/12345), or an endpoint (user/1001). */
export const somebody = parsed(text => (/^[a-z_]+\//i.test(text) ? endpoint(text) : phoneNumber(text)))

/** Whom `somebody` names: a number is read in the country of the installation. */
export const reached = (to: string, country: Country | null | undefined): string =>
  to.includes('/') ? to : inCountry(dial(to), country)

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** The uuid of the call. Rejects with NotFoundError for an unknown agent, WRONG_STATE for one who does not talk. */
export async function callOf(parts: { readonly roster: Roster; readonly clock: Clock }, name: string): Promise<string> {
  if (UUID.test(name)) return name
  const { state, reservation } = await mustBeAgent(parts, name)
  if (state !== 'talking' || !reservation) throw new Refusal('WRONG_STATE', `agent ${name} does not talk: ${state}`)
  return reservation.for
}

interface OnTalk<Shape extends z.ZodRawShape> {
  readonly name: Operation['name']
  readonly summary: string
  /** What the answer has besides the uuid of the call. */
  readonly answers?: Shape
  /** What is looked for, in the words of the error. Default: 'live call'. */
  readonly what?: string
  /** Resolves with `answers`; with null or false when there is no such call. Rejects with WRONG_STATE. */
  act(node: LiveCalls, call: string): Promise<z.output<z.ZodObject<Shape>> | null | boolean>
}

/** An operation that is given a talk, and nothing else. */
export const onTalk = <Shape extends z.ZodRawShape = {}>({ name, summary, answers, what, act }: OnTalk<Shape>) =>
  operation({
    name,
    summary,
    needs: 'node',
    role: 'supervisor',
    positional: ['talk'],
    input: z.strictObject({ talk }),
    output: z.object({ call: z.string() }).extend(answers ?? ({} as Shape)),
    refusals: ['NOT_FOUND', 'WRONG_STATE'],
    changes: true,
    async run({ node, ...parts }, { talk: named }) {
      const call = await callOf(parts, named)
      const done = await act(node, call)
      if (done === null || done === false) throw new NotFoundError(what ?? 'live call', call, null)
      return { call, ...(done !== true && done) } as never
    },
  })
