/** Predictive pacing: what it learns, what it must not believe, and that a restart changes nothing. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { silentLog, type Log } from '../../src/base/log.ts'
import type { PacedAgent, PacedCall, Pacer, PacingDecision, PacingState } from '../../src/campaign/pacing/pacer.ts'
import { pacerOf, savedPacer } from '../../src/campaign/pacing/saved-pacer.ts'
import { SCENARIOS, type Scenario } from '../bench/pacing/scenarios.ts'
import { Simulator } from '../bench/pacing/simulator.ts'

const predictive = (saved: string | null = null) => pacerOf({ mode: 'predictive' }, saved)

const agents = (count: number, state: PacedAgent['state'], sinceMs: number, leaving = false): PacedAgent[] =>
  Array.from({ length: count }, (_, n) => ({ id: `${state}-${n}`, state, since: -sinceMs, leaving }))

const floor = (seen: Partial<PacingState>): PacingState => ({
  now: 0,
  agents: [],
  calls: [],
  policy: { target: 0.03, connectWithinMs: 2_000, clock: 'answer', endsAt: null },
  budget: { live: 0, abandoned: 0 },
  ...seen,
})

const ringing = (id: string, dialledAt: number, phaseAt: number): PacedCall => ({
  id,
  phase: 'ringing',
  dialledAt,
  phaseAt,
  deadline: null,
})

/** A pacer that has seen half an hour of a campaign. */
function experienced(seconds = 1_800, of: Scenario = SCENARIOS['S1']!): Pacer {
  const pacer = predictive()
  run(of, seconds, pacer)
  return pacer
}

function run(
  of: Scenario,
  seconds: number,
  pacer: Pacer,
  seen?: (decision: PacingDecision, state: PacingState) => void,
) {
  const simulator = new Simulator({ ...of, hours: seconds / 3_600 }, 7, {
    onEvent: event => pacer.onEvent(event),
    decide: state => {
      const decision = pacer.decide(state)
      seen?.(decision, state)
      return decision.howMany
    },
  })
  return simulator.run()
}

test('leads are called before an agent is free, and the risk of the next call is told', () => {
  const { howMany, why, figures } = predictive().decide(floor({ agents: agents(10, 'wrap', 14_000) }))
  assert.ok(howMany > 0, 'ten agents who are about to finish their wrap-up get calls')
  assert.equal(why, 'risk')
  assert.ok(figures.theta! < figures.risk!, 'the call that was not made has more risk than is allowed')
})

test('agents in wrap-up are soon free, agents who have just begun to talk are not', () => {
  const wants = (seen: PacedAgent[]) => predictive().decide(floor({ agents: seen })).howMany
  const [late, early] = [wants(agents(10, 'wrap', 14_000)), wants(agents(10, 'wrap', 5_000))]
  assert.ok(late > early && early > 0, `${late} calls late in the wrap-up, ${early} early`)
  assert.equal(wants(agents(10, 'talk', 2_000)), 0)
})

test('nobody is called for agents who leave after their talk', () => {
  const staying = [...agents(1, 'free', 1_000), ...agents(20, 'wrap', 14_000)]
  const leaving = [...agents(1, 'free', 1_000), ...agents(20, 'wrap', 14_000, true)]
  const wants = (seen: PacedAgent[]) => predictive().decide(floor({ agents: seen })).howMany
  assert.ok(wants(leaving) < wants(staying), 'twenty who stay need more calls')
  assert.equal(wants(leaving), wants(agents(1, 'free', 1_000)))
})

test('refused calls end first: while the others ring, they do not make the answer rate small', () => {
  const pacer = predictive()
  const calls: PacedCall[] = []
  for (let n = 0; n < 40; n++) {
    pacer.onEvent({ type: 'dialled', call: `c${n}`, at: 0 })
    pacer.onEvent({ type: 'ringing', call: `c${n}`, at: 2_000 })
    if (n < 8) pacer.onEvent({ type: 'ended', call: `c${n}`, at: 2_600 })
    else calls.push(ringing(`c${n}`, 0, 2_000))
  }
  for (let now = 3_000; now <= 4_000; now += 250) pacer.decide(floor({ now, calls, agents: agents(10, 'talk', 0) }))
  const { answerRate } = pacer.decide(floor({ now: 4_250, calls, agents: agents(10, 'talk', 0) })).figures
  assert.ok(answerRate! > 0.2 && answerRate! < 0.4, `${answerRate} after eight refusals and no answer yet`)
})

test('short talks end first: while the others talk, they do not make talks look short', () => {
  const pacer = predictive()
  const talking = agents(40, 'talk', 0)
  pacer.decide(floor({ agents: talking }))
  for (const { id } of talking.slice(0, 5)) {
    pacer.onEvent({ type: 'talk-ended', agent: id, at: 10_000, lastedMs: 10_000 })
  }
  const left = talking.slice(5, 11)
  pacer.decide(floor({ now: 10_000, agents: left }))
  // a mean of 10 s would let two thirds of the six be free within ten seconds
  assert.equal(pacer.decide(floor({ now: 15_000, agents: left })).howMany, 0)
})

test('the ledger alone says how many were abandoned: what the pacer saw itself does not count', () => {
  const theta = (events: number) => {
    const pacer = predictive()
    for (let n = 0; n < events; n++) {
      pacer.onEvent({ type: 'dialled', call: `c${n}`, at: n })
      pacer.onEvent({ type: 'human', call: `c${n}`, at: n + 1 })
      pacer.onEvent({ type: 'abandoned', call: `c${n}`, at: n + 2 })
    }
    return pacer.decide(floor({ agents: agents(5, 'talk', 0), budget: { live: 100, abandoned: 1 } })).figures.theta
  }
  assert.equal(theta(20), theta(0))
})

test('agents who say that a machine was connected make the dialer more careful', () => {
  const pacer = experienced()
  const theta = (live: number) =>
    pacer.decide(floor({ now: 1_900_000, agents: agents(10, 'talk', 0), budget: { live, abandoned: 4 } })).figures
      .theta!
  const believed = theta(140)
  assert.ok(theta(120) < believed, 'the same four abandoned are a larger share of fewer people')
})

test('what may still be abandoned is spent over the time that is left, and at the end of the window at once', () => {
  const theta = (abandoned: number, minutesLeft: number) => {
    const pacer = predictive()
    const seen = (now: number, live: number) => {
      const policy = { ...floor({}).policy, endsAt: now + minutesLeft * 60_000 }
      return floor({ now, agents: agents(5, 'talk', 0), policy, budget: { live, abandoned } })
    }
    pacer.decide(seen(0, 400))
    return pacer.decide(seen(250, 400)).figures.theta!
  }
  const change = (abandoned: number, minutesLeft: number) => Math.log(theta(abandoned, minutesLeft) / theta(12, 180))
  assert.ok(change(11, 1) > 0.2, 'one person may still be abandoned in the last minute')
  assert.ok(change(14, 1) < -1, 'two too many: hardly any risk is taken in the last minute')
  assert.ok(Math.abs(change(14, 180)) < 0.3, 'with three hours left the same two change little')
})

test('far above the limit it dials one lead for each free agent, and says that it is the budget', () => {
  const seen = floor({ agents: agents(4, 'free', 1_000), budget: { live: 400, abandoned: 40 } })
  const { howMany, why } = predictive().decide(seen)
  assert.deepEqual({ howMany, why }, { howMany: 4, why: 'budget' })
})

test('an hour of ten agents: they are busier than with one call each, within the limit', () => {
  const alone = run(SCENARIOS['S1']!, 3_600, pacerOf({ mode: 'progressive' }))
  const { occupancy, abandonedPercent } = run(SCENARIOS['S1']!, 3_600, predictive())
  assert.ok(occupancy > alone.occupancy + 0.1, `${occupancy} beside ${alone.occupancy}`)
  assert.ok(abandonedPercent < 4, `${abandonedPercent} % were abandoned`)
})

test('a campaign that another node continues is dialled as if the first one had gone on', () => {
  const decisions = (moves: boolean) => {
    const told: string[] = []
    let pacer = predictive()
    const owner: Pacer = { onEvent: event => pacer.onEvent(event), decide: state => pacer.decide(state) }
    run(SCENARIOS['S1']!, 900, owner, decision => {
      told.push(JSON.stringify(decision))
      if (told.length % 700 !== 0) return
      const saved = savedPacer(pacer)
      if (moves) pacer = predictive(saved)
    })
    return told
  }
  const stayed = decisions(false)
  assert.equal(
    decisions(true).findIndex((decision, at) => decision !== stayed[at]),
    -1,
    'the first decision that differs',
  )
})

test('a record of a newer version is reported, and the pacer starts with what it knows of most campaigns', () => {
  const reported: string[] = []
  const log: Log = {
    ...silentLog,
    error: (({ key }: { key: string }) => void reported.push(key)) as unknown as Log['error'],
  }
  const saved = JSON.parse(savedPacer(experienced(60))!) as object
  const pacer = pacerOf({ mode: 'predictive' }, JSON.stringify({ ...saved, v: 99 }), 'sh:pacer:test', log)
  const seen = floor({ agents: agents(10, 'wrap', 10_000) })
  assert.deepEqual(pacer.decide(seen), predictive().decide(seen))
  assert.deepEqual(reported, ['sh:pacer:test'])
})

test('calls that the saved pacer has never seen count from the moment in which they are seen', () => {
  const pacer = predictive(savedPacer(experienced()))
  const calls = Array.from({ length: 6 }, (_, n) => ringing(`new-${n}`, 1_799_000, 1_801_000))
  const seen = { now: 1_802_000, agents: agents(10, 'talk', 0) }
  const alone = pacer.decide(floor(seen)).figures.predictedAnswers!
  const { predictedAnswers } = predictive(savedPacer(experienced())).decide(floor({ ...seen, calls })).figures
  assert.ok(predictedAnswers! > alone + 1, 'they may be answered')
})

test('modes that remember nothing have nothing to save', () => {
  assert.equal(savedPacer(pacerOf({ mode: 'progressive' })), null)
  assert.equal(savedPacer(pacerOf({ mode: 'ratio', callsPerFreeAgent: 2 })), null)
})
