import { z } from 'zod'
import { described, oneOf } from '../../base/parsed.ts'
import { changeTarget } from '../../store/event-targets.ts'
import { typesField } from '../event/event-fields.ts'
import { mustChange, mustSeeNumbers, nameOf } from '../fields.ts'
import { operation } from '../operation.ts'
import { findWebhook, readTarget, seesNumbersField, urlField, webhookBefore, webhookShape } from './webhook-named.ts'

const settings = {
  url: urlField.optional(),
  types: typesField.optional(),
  seesNumbers: seesNumbersField.optional(),
  state: described(
    oneOf(['active', 'paused']),
    'paused: its events wait, for as long as KEEP_EVENTS keeps them; active: they are sent',
    '<state>',
  ).optional(),
}

export default operation({
  name: 'webhook.set',
  summary: 'changes a webhook; one that waits because its receiver was down tries again at once',
  needs: 'database',
  role: 'administrator',
  positional: ['name'],
  input: z.strictObject({ name: nameOf('webhook'), ...settings }),
  output: webhookShape,
  refusals: ['NOT_FOUND'],
  changes: true,
  thing: webhookBefore,
  async run({ sql, clock, eventsOut }, { name, url, ...given }, actor) {
    await findWebhook(sql, name)
    mustChange({ url, ...given }, Object.keys(settings))
    mustSeeNumbers(actor, given.seesNumbers === true, 'makes no webhook that does')
    const target = url === undefined ? undefined : readTarget(url, eventsOut.allow)
    return (await changeTarget(sql, name, { ...given, url: target }, clock.now())) ?? findWebhook(sql, name)
  },
})
