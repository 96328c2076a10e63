/** The wallboard: the floor at a glance, its queues, campaigns and agents, and what a supervisor can do there. */
import { computed, useSignal } from '@preact/signals'
import type { ComponentChildren, JSX } from 'preact'
import { serverNow } from './api.tsx'
import {
  agents,
  campaigns,
  change,
  figures,
  goTo,
  me,
  past,
  queues,
  readAt,
  tick,
  type Agent,
  type Campaign,
  type Queue,
  type State,
} from './floor.tsx'
import { duration, percent, SIGN, timeOf, toneOfLevel, toneOfWait, type Tone } from './shown.tsx'
import { Table } from './table.tsx'
import { words } from './words.tsx'

/** A sign for each state, so that nobody needs its colour. */
const MARK: Readonly<Record<State, string>> = {
  ready: '●',
  resting: '◌',
  unreachable: '✕',
  ringing: '◔',
  talking: '◆',
  'wrap-up': '✎',
  elsewhere: '◇',
  break: '‖',
  out: '○',
}
const ORDER: readonly State[] = [
  'talking',
  'ringing',
  'wrap-up',
  'ready',
  'resting',
  'elsewhere',
  'break',
  'unreachable',
  'out',
]

const mayChange = computed(() => me.value?.role === 'supervisor' || me.value?.role === 'administrator')
/** Sums of the day over all queues. */
const day = computed(() => {
  const sum = (of: 'answered' | 'abandoned') => figures.value.reduce((all, one) => all + one[of], 0)
  const inTime = figures.value.reduce(
    (all, { serviceLevel, answered, abandoned }) => all + (serviceLevel ?? 0) * (answered + abandoned),
    0,
  )
  const [answered, abandoned] = [sum('answered'), sum('abandoned')]
  const all = answered + abandoned
  return { level: all === 0 ? null : inTime / all, rate: all === 0 ? null : abandoned / all }
})

export const Board = (): JSX.Element => (
  <main>
    <TimeSlider />
    <Floor />
    <Queues />
    <Campaigns />
    <Agents />
  </main>
)

const MINUTE_MS = 60_000
const DAY_MINUTES = 24 * 60

/** Any minute of the last day: the board as it was. At the right end it is now. */
function TimeSlider(): JSX.Element {
  const text = words()
  const minutes = useSignal(0)
  const move = (event: Event) => {
    minutes.value = Number((event.currentTarget as HTMLInputElement).value)
    const minute = Math.floor(serverNow() / MINUTE_MS) * MINUTE_MS
    void goTo(minutes.value === 0 ? null : minute + minutes.value * MINUTE_MS)
  }
  const shown = past.value === null ? text.now : timeOf(past.value)
  return (
    <label class={past.value === null ? 'slider' : 'slider past'}>
      {text.moment}
      <input
        type="range"
        min={-DAY_MINUTES}
        max={0}
        step={1}
        value={minutes.value}
        aria-valuetext={shown}
        onInput={move}
      />
      <output>{shown}</output>
    </label>
  )
}

interface FigureProps {
  readonly name: string
  readonly what?: string
  readonly tone?: Tone
  readonly children: ComponentChildren
}

function Figure({ name, what, tone = 'plain', children }: FigureProps): JSX.Element {
  return (
    <div class={`figure ${tone}`} title={what}>
      <dt>{name}</dt>
      <dd>
        {SIGN[tone]}
        {children}
      </dd>
    </div>
  )
}

function Floor(): JSX.Element {
  const text = words()
  const all = queues.value
  const waiting = all.reduce((sum, one) => sum + one.waiting + one.offered, 0)
  const talking = agents.value.filter(({ word }) => word === 'talking').length
  const ready = agents.value.filter(({ word }) => word === 'ready').length
  const longest = longestOf(all)
  const { level, rate } = day.value
  const goal = figures.value.map(one => one.serviceLevelGoal).find(one => one !== null) ?? null
  return (
    <section aria-label={text.floor}>
      <dl class="floor">
        <Figure name={text.waiting} what={text.definition.waiting} tone={waiting > 0 && ready === 0 ? 'warn' : 'plain'}>
          {waiting}
        </Figure>
        <Figure name={text.longestWait} what={text.definition.longestWait} tone={toneOfWait(longest)}>
          {duration(longest)}
        </Figure>
        <Figure name={text.talking}>{talking}</Figure>
        <Figure name={text.ready}>{ready}</Figure>
        <Figure
          name={`${text.serviceLevel}, ${text.today}`}
          what={text.definition.serviceLevel}
          tone={toneOfLevel(level, goal)}
        >
          {percent(level)}
        </Figure>
        <Figure name={`${text.abandonRate}, ${text.today}`} what={text.definition.abandonRate}>
          {percent(rate, 1)}
        </Figure>
      </dl>
    </section>
  )
}

/** Waits go on between two readings. */
function longestOf(some: readonly Queue[]): number | null {
  void tick.value
  const waits = some.flatMap(({ longestWaitMs }) => longestWaitMs ?? [])
  const since = past.value === null ? Math.max(0, Date.now() - readAt.value) : 0
  return waits.length === 0 ? null : Math.max(...waits) + since
}

function Queues(): JSX.Element {
  const text = words()
  const { definition } = text
  return (
    <Table
      title={text.queues}
      empty={text.noQueues}
      heads={[
        [text.queue],
        [text.waiting, definition.waiting],
        [text.longestWait, definition.longestWait],
        [text.estimated, definition.estimated],
        [text.talking, definition.talking],
        [text.staff, definition.staff],
        [text.callbacks, definition.callbacks],
        [text.offered, definition.offered],
        [text.answered, definition.answered],
        [text.serviceLevel, definition.serviceLevel],
        [text.abandonRate, definition.abandonRate],
        [text.averageWait, definition.averageWait],
      ]}
    >
      {queues.value.map(queue => (
        <QueueRow key={queue.name} queue={queue} />
      ))}
    </Table>
  )
}

function QueueRow({ queue }: { readonly queue: Queue }): JSX.Element {
  const { name, waiting, offered, estimatedWaitMs, talking, agents: staff, callbacks, overdueCallbacks } = queue
  const of = figures.value.find(one => one.queue === name)
  const staffed = Object.values(staff).reduce((sum, n) => sum + n, 0) - staff.out
  const longest = longestOf([queue])
  const [slow, level] = [toneOfWait(longest), toneOfLevel(of?.serviceLevel ?? null, of?.serviceLevelGoal ?? null)]
  return (
    <tr data-queue={name}>
      <th scope="row">{name}</th>
      <td data-figure="waiting">{waiting + offered}</td>
      <td class={slow}>
        {SIGN[slow]}
        {duration(longest)}
      </td>
      <td>{duration(estimatedWaitMs)}</td>
      <td data-figure="talking">{talking}</td>
      <td data-figure="staff">
        {staff.ready} / {staffed}
      </td>
      <td>{overdueCallbacks > 0 ? `${callbacks} (${overdueCallbacks})` : callbacks}</td>
      <td data-figure="offered">{of?.offered ?? 0}</td>
      <td data-figure="answered">{of?.answered ?? 0}</td>
      <td class={level}>
        {SIGN[level]}
        {percent(of?.serviceLevel ?? null)}
      </td>
      <td>{percent(of?.abandonRate ?? null, 1)}</td>
      <td>{duration(of?.averageWaitMs ?? null)}</td>
    </tr>
  )
}

function Campaigns(): JSX.Element {
  const text = words()
  return (
    <Table
      title={text.campaigns}
      empty={text.noCampaigns}
      heads={[
        [text.campaign],
        [text.mode],
        [text.left],
        [text.underWay],
        [text.budget, text.definition.budget],
        [text.whyNoMore, text.definition.whyNoMore],
        [text.command],
      ]}
    >
      {campaigns.value.map(one => (
        <CampaignRow key={one.name} campaign={one} />
      ))}
    </Table>
  )
}

function CampaignRow({ campaign }: { readonly campaign: Campaign }): JSX.Element {
  const text = words()
  const { name, state, mode, left, underWay, budget, switches } = campaign
  const rate = budget.live === 0 ? null : budget.abandoned / budget.live
  const part = rate === null ? 0 : rate / budget.limit
  const tone: Tone = part >= 1 ? 'bad' : part >= 0.8 ? 'warn' : 'plain'
  const isRunning = state === 'running'
  const held = isRunning ? [...new Set(switches.map(({ why }) => why))] : [state]
  const reasons = held.map(one => text.why[one] ?? one)
  const command = isRunning ? 'pause' : 'start'
  return (
    <tr data-campaign={name}>
      <th scope="row">{name}</th>
      <td>{mode}</td>
      <td data-figure="left">{left}</td>
      <td>{underWay}</td>
      <td class={tone}>
        {SIGN[tone]}
        {percent(rate, 1)} / {percent(budget.limit, 1)}
      </td>
      <td>{reasons.join(', ') || '–'}</td>
      <td>
        {mayChange.value && (
          <button
            type="button"
            aria-label={`${text[command]} ${name}`}
            onClick={() => void change(`POST /v1/campaigns/${encodeURIComponent(name)}/${command}`, text.done)}
          >
            {text[command]}
          </button>
        )}
      </td>
    </tr>
  )
}

function Agents(): JSX.Element {
  const text = words()
  const open = useSignal<string | null>(null)
  void tick.value
  const sorted = agents.value.toSorted(
    (a, b) => ORDER.indexOf(a.word) - ORDER.indexOf(b.word) || (a.name < b.name ? -1 : 1),
  )
  return (
    <section>
      <h2>{text.agents}</h2>
      {sorted.length === 0 && <p class="empty">{text.noAgents}</p>}
      <ul class="agents">
        {sorted.map(agent => (
          <AgentTile
            key={agent.name}
            agent={agent}
            isOpen={open.value === agent.name}
            toggle={() => (open.value = open.value === agent.name ? null : agent.name)}
          />
        ))}
      </ul>
    </section>
  )
}

interface TileProps {
  readonly agent: Agent
  readonly isOpen: boolean
  toggle(): void
}

function AgentTile({ agent, isOpen, toggle }: TileProps): JSX.Element {
  const text = words()
  const { name, word, stateSince, reason } = agent
  const path = `POST /v1/agents/${encodeURIComponent(name)}`
  const done = (what: string, body?: unknown) => {
    toggle()
    void change(`${path}/${what}`, text.done, body ?? {})
  }
  const content = (
    <>
      <span class="mark" aria-hidden="true">
        {MARK[word]}
      </span>
      <span class="who">{name}</span>
      <span class="word">
        {text.state[word]}
        {reason !== null && word === 'break' ? `: ${reason}` : ''}
      </span>
      <time>{duration((past.value ?? serverNow()) - stateSince)}</time>
    </>
  )
  if (!mayChange.value || past.value !== null) return <li class={`agent ${word}`}>{content}</li>
  return (
    <li class={`agent ${word}`} data-agent={name}>
      <button type="button" class="tile" aria-expanded={isOpen} onClick={toggle}>
        {content}
      </button>
      {isOpen && (
        <div class="acts">
          <button type="button" onClick={() => done('ready')}>
            {text.makeReady}
          </button>
          <button type="button" onClick={() => done('break')}>
            {text.giveBreak}
          </button>
          <button type="button" onClick={() => done('out')}>
            {text.logOutAgent}
          </button>
        </div>
      )}
    </li>
  )
}
