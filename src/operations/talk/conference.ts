/** A talk of four people and more. */
import { z } from 'zod'
import type { Country } from '../../base/country.ts'
import { whyNotNow } from '../../agent/agent.ts'
import { telephonesOf } from '../../agent/settings.ts'
import { FieldFaults, NotFoundError, Refusal } from '../../base/errors.ts'
import { described } from '../../base/parsed.ts'
import { mustBeAgent } from '../agent/agent-named.ts'
import { operation } from '../operation.ts'
import { callOf, reached, somebody, talk } from './talk-named.ts'

const agent = described(
  z.string().min(1),
  'an agent, who must be free; one telephone of the agent rings',
  '<name>',
).optional()
const to = described(somebody, 'a number, dialled through GATEWAY, or an endpoint').optional()

/** The one of the two that is given. */
function one(
  given: { readonly to?: string | undefined; readonly agent?: string | undefined },
  country: Country | null | undefined,
): string {
  const name = given.agent ?? (given.to && reached(given.to, country))
  if (name === undefined || (given.agent !== undefined && given.to !== undefined))
    throw new FieldFaults([{ field: '', message: 'one person is meant: give one of', give: ['to', 'agent'] }])
  return name
}

export const talkInvite = operation({
  name: 'talk.invite',
  summary: 'invites one more person to a talk: it becomes a conference, to which more may be invited',
  needs: 'node',
  role: 'supervisor',
  positional: ['talk', 'to'],
  input: z.strictObject({ talk, to, agent }),
  output: z.object({ call: z.string(), name: z.string(), leg: z.string() }),
  refusals: ['NOT_FOUND', 'WRONG_STATE', 'NOT_REACHED'],
  changes: true,
  mustBeOnce: true,
  async run({ node, ...parts }, { talk: named, ...who }) {
    const name = one(who, parts.country)
    const call = await callOf(parts, named)
    const leg = await node.beside.invite(call, who.agent === undefined ? name : await telephone(parts, name), name)
    if (leg === null) throw new NotFoundError('live call', call, null)
    return { call, name, leg }
  },
})

export const talkRemove = operation({
  name: 'talk.remove',
  summary: 'takes somebody who was invited out of a conference; the others talk on',
  needs: 'node',
  role: 'supervisor',
  positional: ['talk', 'to'],
  input: z.strictObject({ talk, to, agent }),
  output: z.object({ call: z.string(), name: z.string() }),
  refusals: ['NOT_FOUND', 'WRONG_STATE'],
  changes: true,
  async run({ node, ...parts }, { talk: named, ...who }) {
    const name = one(who, parts.country)
    const call = await callOf(parts, named)
    if (!(await node.beside.remove(call, name))) throw new NotFoundError(`conference of call ${call} with`, name, null)
    return { call, name }
  },
})

async function telephone(parts: Parameters<typeof mustBeAgent>[0], name: string): Promise<string> {
  const found = await mustBeAgent(parts, name)
  const why = whyNotNow(found, parts.clock.now())
  if (why !== null)
    throw new Refusal('WRONG_STATE', `agent ${name} takes no call now (${why}); the talk goes on as it is`)
  return telephonesOf(found)[0]!
}
