// A menu that ends only when the caller hangs up.
import { flow } from '#flow'

export default flow(async call => {
  await call.answer()
  const choice = await call.menu('fault/menu', { 1: 'one', 2: 'two' }, { tries: 20 })
  return choice ?? 'nothing'
})
