/**
 * VICIdial's ADAPT_AVERAGE with its defaults, from the description of its programs: AST_VDadapt.pl (the level) and
 * AST_VDauto_dial.pl (the dials). Agents in wrap-up are paused there, so they count neither as present nor as soon
 * free.
 */
import type { Controller } from './simulator.ts'

const SAMPLES = 15
const HIGHEST_LEVEL = 3
const DROPPED_PERCENT = 3

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length

export function vicidialAverage(): Controller {
  let level = 1
  let [nextSample, nextLevel, nextDrops, nextDial] = [1, 15, 0, 0]
  let samples: { ready: number; waiting: number; present: number }[] = []
  let [calls, answered, dropped] = [0, 0, 0]
  let [callsSeen, percentSeen] = [0, 0]
  let lastMinute: { at: number; dropped: boolean }[] = []
  let lately = { calls: 0, percent: 0 }
  return {
    onEvent(event) {
      const at = event.at / 1_000
      if (event.type === 'dialled') {
        calls += 1
        lastMinute.push({ at, dropped: false })
      } else if (event.type === 'human') answered += 1
      else if (event.type === 'abandoned') {
        dropped += 1
        lastMinute.push({ at, dropped: true })
      }
    },
    decide(state) {
      const t = state.now / 1_000
      const inState = (is: string) => state.agents.filter(agent => agent.state === is).length
      const ready = inState('free')
      for (; t >= nextSample; nextSample += 1) {
        const waiting = state.calls.filter(call => call.phase === 'waiting').length
        samples = [...samples.slice(1 - SAMPLES), { ready, waiting, present: state.agents.length }]
      }
      if (t >= nextDrops) {
        nextDrops += 60
        callsSeen = calls
        percentSeen = (100 * dropped) / Math.max(1, answered)
        lastMinute = lastMinute.filter(one => one.at >= t - 60)
        const drops = lastMinute.filter(one => one.dropped).length
        const dials = lastMinute.length - drops
        lately = { calls: dials, percent: (100 * drops) / Math.max(1, dials) }
      }
      if (t >= nextLevel && samples.length > 0) {
        nextLevel += 15
        const present = mean(samples.map(sample => sample.present))
        const spare = mean(samples.map(sample => sample.ready - sample.waiting))
        if (present > 0) {
          level = Math.min(HIGHEST_LEVEL, Math.max(1, level * (1 + spare / present)))
          if (lately.calls > 20 && lately.percent > 50) level /= 2
          if (callsSeen > 50 && percentSeen > DROPPED_PERCENT) level /= 2
          level = Math.max(1, level)
        }
      }
      if (t < nextDial) return 0
      nextDial += 2.5
      const talking = inState('talk')
      return Math.max(0, Math.round(level * (ready + talking)) - (state.calls.length + talking))
    },
  }
}
