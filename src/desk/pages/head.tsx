/** The head of every page: where one is, whether what the page shows is true now, and where one can go. */
import { signal } from '@preact/signals'
import type { JSX } from 'preact'
import { findCalls } from './calls.tsx'
import { logOut, me, past, readAt, said, tick } from './floor.tsx'
import { duration, timeOf } from './shown.tsx'
import { changeLanguage, words } from './words.tsx'

/** A page that has heard nothing for so long is stale. */
const STALE_MS = 8_000

export const view = signal<'board' | 'calls'>('board')

export function Head(): JSX.Element {
  const text = words()
  const isBoard = view.value === 'board'
  return (
    <header>
      <h1>{isBoard ? text.title : text.calls}</h1>
      <News />
      <nav>
        <button type="button" onClick={isBoard ? toCalls : () => (view.value = 'board')}>
          {isBoard ? text.calls : text.title}
        </button>
        {isBoard && (
          <button type="button" onClick={() => document.body.classList.toggle('wall')}>
            {text.wall}
          </button>
        )}
        <button type="button" onClick={changeTheme}>
          {text.theme}
        </button>
        <button type="button" onClick={changeLanguage} lang={text.language === 'English' ? 'en' : 'zh'}>
          {text.language}
        </button>
        <button type="button" onClick={() => void logOut()}>
          {text.logOut} {me.value?.name}
        </button>
      </nav>
    </header>
  )
}

export const Said = (): JSX.Element => (
  <p class="said" role="status">
    {said.value}
  </p>
)

function toCalls(): void {
  document.body.classList.remove('wall')
  view.value = 'calls'
  void findCalls('', '')
}

function changeTheme(): void {
  const root = document.documentElement
  const isDark = root.dataset['theme']
    ? root.dataset['theme'] === 'dark'
    : matchMedia('(prefers-color-scheme: dark)').matches
  root.dataset['theme'] = isDark ? 'light' : 'dark'
}

/** Whether what the page shows is true now. */
function News(): JSX.Element {
  const text = words()
  void tick.value
  const age = Date.now() - readAt.value
  if (past.value !== null) return <p class="news warn">◷ {timeOf(past.value)}</p>
  const isStale = age > STALE_MS
  return (
    <p class={isStale ? 'news bad' : 'news good'} role="status">
      {isStale ? `■ ${text.stale} ${duration(age)}` : `● ${text.live}`}
    </p>
  )
}
