/** The standard call of every listener in the bench: answer, a prompt, four digits, a variable, a prompt, hang up. */
import { flow } from '#flow'

export default flow(async call => {
  await call.answer()
  await call.play('bench/welcome')
  const pin = await call.gather({ prompt: 'bench/pin', invalid: 'bench/bad', digits: 4 })
  // an application, because the load counts applications; setVariable() is an api command
  await call.execute('set', `ivr_choice=${pin ?? ''}`)
  await call.play('bench/thanks')
  await call.hangup()
})
