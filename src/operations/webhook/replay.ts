import { z } from 'zod'
import { FieldFaults } from '../../base/errors.ts'
import { described } from '../../base/parsed.ts'
import { changeTarget } from '../../store/event-targets.ts'
import { lastEventBefore } from '../../store/events.ts'
import { sequence } from '../event/event-fields.ts'
import { moment, nameOf } from '../fields.ts'
import { operation } from '../operation.ts'
import { findTarget, webhookBefore, webhookShape } from './webhook-named.ts'

export default operation({
  name: 'webhook.replay',
  summary: 'sends all events again from a moment or a number on, to a webhook or a message queue of EVENTS_TO',
  needs: 'database',
  role: 'administrator',
  positional: ['name'],
  input: z.strictObject({
    name: nameOf('webhook'),
    since: moment.optional(),
    after: described(sequence, 'from the event behind this sequence on', '<n>').optional(),
  }),
  output: webhookShape,
  refusals: ['NOT_FOUND'],
  changes: true,
  thing: webhookBefore,
  async run({ sql, clock }, { name, since, after }) {
    await findTarget(sql, name)
    if ((since === undefined) === (after === undefined))
      throw new FieldFaults([{ field: '', message: 'give one of', give: ['since', 'after'] }])
    const position = after ?? (await lastEventBefore(sql, new Date(since!)))
    return (await changeTarget(sql, name, { position }, clock.now())) ?? findTarget(sql, name)
  },
})
