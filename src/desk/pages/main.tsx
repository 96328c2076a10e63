/** The page of the desk: the log-in, then the wallboard. Bundled by desk/http/pages.ts. */
import { render, type JSX } from 'preact'
import { Board } from './board.tsx'
import { begin, me } from './floor.tsx'
import { ChoosePassword, LogIn } from './login.tsx'
import { language } from './words.tsx'

function Page(): JSX.Element | null {
  document.documentElement.lang = language.value
  if (me.value === undefined) return null
  if (me.value === null) return <LogIn />
  return me.value.mustChange ? <ChoosePassword /> : <Board />
}

render(<Page />, document.body)
void begin()
