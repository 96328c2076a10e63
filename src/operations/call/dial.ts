import { z } from 'zod'
import { described, parsed } from '../../base/parsed.ts'
import { inCountry, phoneNumber } from '../../esl/phone-number.ts'
import { ident, varValue } from '../../esl/safe-text.ts'
import { operation } from '../operation.ts'

const id = (text: string) => String(varValue(text))

export default operation({
  name: 'call.dial',
  summary: "click-to-dial: the agent's telephone rings first, then the customer's",
  needs: 'node',
  role: 'supervisor',
  positional: ['extension', 'customer'],
  input: z.strictObject({
    extension: described(parsed(ident), "the agent's, such as 1001"),
    customer: described(parsed(phoneNumber), 'the number to call'),
    crmuuid: described(parsed(id), 'copied unchanged into the record of the call', '<id>').optional(),
    productCode: described(parsed(id), 'copied in the same way', '<code>').optional(),
    callType: described(parsed(id), 'copied in the same way', '<type>').optional(),
  }),
  output: z.object({ uuid: z.string(), extension: z.string(), customer: z.string() }),
  refusals: ['NOT_REACHED'],
  changes: true,
  mustBeOnce: true,
  async run({ node, country }, { extension, customer: typed, crmuuid, productCode, callType }) {
    const customer = inCountry(typed, country)
    const { uuid } = await node.dial({
      extension,
      customer,
      crmuuid,
      product_code: productCode,
      call_type: callType,
    })
    return { uuid, extension, customer }
  },
})
