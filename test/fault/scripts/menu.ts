// Three digits, then a menu with many tries: after a takeover the digits are not asked again.
import { flow } from '#flow'

export default flow(async call => {
  await call.answer()
  const code = await call.gather({ digits: 3, prompt: 'fault/code', tries: 20 })
  call.tag('code', code ?? 'none')
  const choice = await call.menu('fault/menu', { 1: 'one', 2: 'two' }, { tries: 20 })
  await call.play('fault/short')
  return choice ?? 'nothing'
})
