// Offers a callback, and asks for the number when the caller's own is not shown or is not the one to call.
import { dialable, digits, type FlowCall } from '#flow'

/** The number to call back, which the caller has heard and confirmed; null when the caller wants no callback. */
export async function callbackNumber(call: FlowCall): Promise<string | null> {
  const wish = await call.menu('queue/callback-offer', { 1: 'callback' }, { tries: 1, timeout: '4s' })
  if (wish === null) return null
  let number = dialable(call.from)
  while (true) {
    number ??= await typedNumber(call)
    if (number === null) return null
    const answer = await call.menu(
      ['queue/callback-number', digits(number.replace('+', '')), 'queue/callback-confirm'],
      { 1: 'right', 2: 'another' },
      { tries: 2 },
    )
    if (answer !== 'another') return answer === 'right' ? number : null
    number = null
  }
}

/** The number that the caller types; null when they type none in three tries. */
async function typedNumber(call: FlowCall): Promise<string | null> {
  for (let tries = 0; tries < 3; tries++) {
    const typed = await call.gather({ digits: [2, 20], prompt: 'queue/callback-type-number', tries: 1 })
    const number = typed === null ? null : dialable(typed)
    if (number !== null) return number
  }
  return null
}
