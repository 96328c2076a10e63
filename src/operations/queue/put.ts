import { z } from 'zod'
import { NotFoundError } from '../../base/errors.ts'
import { described, parsed } from '../../base/parsed.ts'
import { uuid } from '../../esl/safe-text.ts'
import { nameOf } from '../fields.ts'
import { operation } from '../operation.ts'
import { mustBeQueues } from './queue-named.ts'

export default operation({
  name: 'queue.put',
  summary: 'puts a call into a queue, also one of FreeSWITCH that Switchhook does not know yet (flow queue-entry)',
  needs: 'node',
  role: 'supervisor',
  positional: ['name', 'call'],
  input: z.strictObject({
    name: nameOf('queue'),
    call: described(parsed(uuid), 'the uuid of the call, as FreeSWITCH lists it: `show channels`'),
  }),
  output: z.object({ call: z.string(), queue: z.string() }),
  refusals: ['NOT_FOUND', 'WRONG_STATE'],
  changes: true,
  async run({ node, queueStore }, { name: queue, call }) {
    await mustBeQueues(queueStore, [queue])
    const known = await node.act({ what: 'to-queue', call, queue })
    if (!known && !(await node.bring(call, queue))) throw new NotFoundError('live call', call, null)
    return { call, queue }
  },
})
