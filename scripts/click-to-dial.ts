// Click-to-dial: the agent's telephone rang first and was answered. This flow dials the customer and joins the two. The
// CRM's ids go into the call's record and to the customer's leg.
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
    return await call.join(party.leg) // without `await` the scopes above would end before the talk
  },
)
