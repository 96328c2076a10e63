/** The floor of the tests of callbacks: a queue with its settings, and a customer who was promised a callback. */
import type { TestContext } from 'node:test'
import { simulate, type SimulateOptions, type Simulation } from '#testing'
import callbackScript from '../../scripts/callback.ts'
import type { QueueSettings } from '../../src/queue/settings.ts'
import type { CallbackOptions } from '../../src/testing/simulated-callbacks.ts'

export const NUMBER = '+4930555123'
export const sales = { params: { queue: 'sales' } }

type Settings = Partial<Omit<QueueSettings, 'name'>>

export async function open(t: TestContext, settings: Settings = {}, options: SimulateOptions = {}) {
  const sim = simulate(t, options)
  await sim.until('node a opens', sim.ready)
  await sim.queueStore.put({ name: 'sales', strategy: 'longest-idle-agent', ...settings })
  return sim
}

export const promise = (sim: Simulation, options: CallbackOptions = {}) =>
  sim.callback(callbackScript, { number: NUMBER, ...options })

/** Positions of all places, those of callbacks as 'callback'. */
export const line = async (sim: Simulation) =>
  (await sim.queueStore.waiting('sales')).map(({ callback, from }) => (callback ? 'callback' : from))
