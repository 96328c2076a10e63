// The CRM's button: the agent's telephone has rung first and was answered, now the customer is called. The CRM's ids go along.
import { flow, optional, text, type Uses } from '#flow'

export const uses: Uses = {
  sounds: ['busy', 'no-answer', 'declined', 'invalid', 'cancelled', 'failed', 'refused'].map(
    outcome => `dial/${outcome}`,
  ),
}

export default flow(
  { customer: text(), crmuuid: optional(text()), product_code: optional(text()), call_type: optional(text()) },
  async (call, { customer, ...ids }) => {
    const given = Object.entries(ids).filter((id): id is [string, string] => id[1] !== undefined)
    for (const [name, value] of given) call.tag(name, value)
    await call.answer()
    await using _music = await call.music('moh/calm')
    await using party = await call.dial(customer, { variables: Object.fromEntries(given) })
    if (!party.leg) {
      await call.play(`dial/${party.outcome}`)
      return party.outcome
    }
    await using _tape = await call.recording()
    return await call.join(party.leg) // `return` alone would end the scopes above before the talk
  },
)
