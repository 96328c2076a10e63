import { z } from 'zod'
import { FieldFaults, NotFoundError } from '../../base/errors.ts'
import { described, parsed } from '../../base/parsed.ts'
import { extension as extensionWord, ident, uuid } from '../../esl/safe-text.ts'
import { inCountry, phoneNumber } from '../../esl/phone-number.ts'
import { mustBeAgent } from '../agent/agent-named.ts'
import type { CallAct } from '../call-act.ts'
import { operation } from '../operation.ts'
import { mustBeQueues } from '../queue/queue-named.ts'

const WAYS = ['extension', 'queue', 'agent', 'number'] as const

export default operation({
  name: 'call.transfer',
  summary: 'sends the caller of a live call to a queue, an agent, a number or an extension; a talk ends',
  needs: 'node',
  role: 'supervisor',
  positional: ['call', 'extension'],
  input: z.strictObject({
    call: described(parsed(uuid), 'the uuid of the call: `switchhook calls --long` shows it'),
    extension: described(
      parsed(extensionWord),
      'a number or name of the dialplan, such as 7000; the flow of the call ends',
    ).optional(),
    context: described(parsed(ident), 'its context in the dialplan (default: default)', '<name>').optional(),
    queue: described(z.string().min(1), 'the caller waits in this queue (flow queue-entry)', '<name>').optional(),
    agent: described(
      z.string().min(1),
      'this agent is called, when free; a caller who is not answered goes back to the queue (flow transfer)',
      '<name>',
    ).optional(),
    number: described(
      parsed(phoneNumber),
      'this number is dialled through GATEWAY; a caller who is not answered goes back to the queue (flow transfer)',
      '<number>',
    ).optional(),
  }),
  output: z.object({ call: z.string(), to: z.string(), transferred: z.literal(true) }),
  refusals: ['NOT_FOUND', 'WRONG_STATE'],
  changes: true,
  async run({ node, queueStore, roster, clock, country }, { call, context, ...given }) {
    const ways = { ...given, number: given.number && inCountry(given.number, country) }
    const [way, ...more] = WAYS.filter(name => ways[name] !== undefined)
    if (way === undefined || more.length > 0)
      throw new FieldFaults([{ field: '', message: 'the caller needs one place to go: give one of', give: WAYS }])
    if (context !== undefined && way !== 'extension')
      throw new FieldFaults([{ field: 'context', message: 'can only be given with', give: ['extension'] }])
    const to = ways[way]!
    if (way === 'queue') await mustBeQueues(queueStore, [to])
    if (way === 'agent') await mustBeAgent({ roster, clock }, to)
    const acts: Record<typeof way, CallAct> = {
      extension: { what: 'transfer', call, extension: to, context },
      queue: { what: 'to-queue', call, queue: to },
      agent: { what: 'to-agent', call, agent: to },
      number: { what: 'to-number', call, number: to },
    }
    if (!(await node.act(acts[way]))) throw new NotFoundError('live call', call, null)
    return { call, to, transferred: true as const }
  },
})
