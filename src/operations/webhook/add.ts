import { z } from 'zod'
import { InputError, Refusal } from '../../base/errors.ts'
import { described, parsed } from '../../base/parsed.ts'
import { ident } from '../../esl/safe-text.ts'
import { newSecret } from '../../outbox/signature.ts'
import { addTarget, targetNamed } from '../../store/event-targets.ts'
import { typesField } from '../event/event-fields.ts'
import { mustSeeNumbers } from '../fields.ts'
import { operation } from '../operation.ts'
import { isSinkName, readTarget, seesNumbersField, urlField, webhookBefore, webhookShape } from './webhook-named.ts'

export default operation({
  name: 'webhook.add',
  summary: 'sends events to a program from now on; the secret that signs them is shown this one time',
  needs: 'database',
  role: 'administrator',
  secret: true,
  doors: ['command-line', 'http'], // the answer of a job stays in Redis for an hour
  positional: ['name', 'url'],
  input: z.strictObject({
    name: described(parsed(ident), 'the name of the webhook'),
    url: urlField,
    types: typesField.default([]),
    seesNumbers: seesNumbersField.default(false),
  }),
  output: webhookShape.extend({ secret: z.string() }),
  refusals: ['IN_USE'],
  changes: true,
  thing: webhookBefore,
  async run({ sql, clock, eventsOut }, { name, url, types, seesNumbers }, actor) {
    if (isSinkName(name)) throw new InputError(`'${name}': names that begin with sink. are those of EVENTS_TO`)
    mustSeeNumbers(actor, seesNumbers, 'makes no webhook that does')
    const secret = newSecret()
    const target = { name, url: readTarget(url, eventsOut.allow), types, seesNumbers, secret, createdBy: actor.who }
    if (!(await addTarget(sql, { ...target, now: clock.now() })))
      throw new Refusal('IN_USE', `a webhook called '${name}' exists: webhook.set changes it`)
    return { ...(await targetNamed(sql, name))!, secret }
  },
})
