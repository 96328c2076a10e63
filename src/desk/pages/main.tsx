/** The page of the desk: the log-in, then the wallboard and the calls. Bundled by desk/http/pages.ts. */
import { render, type JSX } from 'preact'
import { Board } from './board.tsx'
import { Calls } from './calls.tsx'
import { begin, me } from './floor.tsx'
import { Head, Said, view } from './head.tsx'
import { ChoosePassword, LogIn } from './login.tsx'
import { language } from './words.tsx'

function Page(): JSX.Element | null {
  document.documentElement.lang = language.value
  if (me.value === undefined) return null
  if (me.value === null) return <LogIn />
  if (me.value.mustChange) return <ChoosePassword />
  return (
    <>
      <Head />
      {view.value === 'board' ? <Board /> : <Calls />}
      <Said />
    </>
  )
}

render(<Page />, document.body)
void begin()
