// Asks a server outside, once, and plays the answer.
import { flow, text } from '#flow'

export default flow({ url: text() }, async (call, { url }) => {
  await call.answer()
  const answer = await call.once('look up', async () => (await fetch(url)).text())
  call.tag('answer', answer)
  const choice = await call.menu('fault/menu', { 1: 'one', 2: 'two' }, { tries: 20 })
  return choice ?? 'nothing'
})
