/**
 * One outbound campaign, event by event: dials, ringing, answers, detection, agents who talk, wrap up, come and go. A
 * controller sees what a dialer can see (PacingState and its events), and dials at each tick.
 */
import { seededRandom } from '../../../src/base/seeded-random.ts'
import type { LeadAnswers } from '../../../src/campaign/pacing/lead-answers.ts'
import type { PacedAgent, PacedCall, PacingEvent, PacingState } from '../../../src/campaign/pacing/pacer.ts'
import { pacingPolicy } from '../../../src/campaign/law-now.ts'
import { EventHeap } from './event-heap.ts'
import { fateOf, leadOf, logNormal, type Fate } from './fate.ts'
import { RollingDay } from './rolling-day.ts'
import type { Scenario } from './scenarios.ts'

export interface Controller {
  onEvent?(event: PacingEvent): void
  /** With a model of the leads: the probability that one answers, and what became of it. */
  readonly leads?: LeadAnswers
  /** So many of the next leads are shown to it; the dialer of the product shows none. */
  readonly sees?: number
  decide(state: PacingState, world: Simulator): number
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

export interface SimulatedCall extends Mutable<PacedCall> {
  readonly fate: Fate
  at: number
  over: boolean
}

export interface SimulatedAgent extends Mutable<PacedAgent> {
  readonly speed: number
  loggedIn: boolean
  at: number
  freeAt: number
  serves: SimulatedCall | null
  loginAt: number
}

export interface Result {
  readonly occupancy: number
  readonly abandonedPercent: number
  readonly live: number
  readonly abandoned: number
  readonly connected: number
  readonly dials: number
  readonly idlePerCall: number
  /** The largest share of the 24 hours up to any full hour, from a short first day of work (4 h) on. */
  readonly worstDayPercent: number
  /** Mean and 99th percentile of one decision, in microseconds. */
  readonly decideUs: number
}

type Happening =
  | { readonly what: 'rings' | 'answers' | 'detected' | 'ends' | 'late' | 'message-over'; readonly call: SimulatedCall }
  | { readonly what: 'talk-ends' | 'wrap-ends' | 'comes' | 'goes'; readonly agent: SimulatedAgent }

export class Simulator {
  readonly of: Scenario
  readonly seed: number
  readonly agents: SimulatedAgent[]
  readonly calls: SimulatedCall[] = []
  /** In seconds. */
  t = 0
  dials = 0
  readonly #controller: Controller
  readonly #heap = new EventHeap<Happening>()
  readonly #waiting: SimulatedCall[] = []
  readonly #on: SimulatedAgent[] = []
  readonly #budget = { live: 0, abandoned: 0 }
  readonly #day = new RollingDay()
  #used = 0
  #live = 0
  #abandoned = 0
  #connected = 0
  #busy = 0
  #logged = 0

  constructor(of: Scenario, seed: number, controller: Controller) {
    this.of = of
    this.seed = seed
    this.#controller = controller
    const random = seededRandom(`speed ${seed}`)
    this.agents = Array.from({ length: of.agents }, (_, n) => {
      const z = Math.sqrt(-2 * Math.log(random() || 1e-12)) * Math.cos(2 * Math.PI * random())
      const speed = of.agentCv > 0 ? logNormal(1, of.agentCv, z) : 1
      return {
        id: `a${n}`,
        state: 'free',
        since: 0,
        leaving: false,
        speed,
        loggedIn: false,
        at: -1,
        freeAt: Infinity,
        serves: null,
        loginAt: 0,
      }
    })
    const shifts = of.shifts?.(seed) ?? this.agents.map((_, agent) => ({ agent, on: 0, off: Infinity }))
    for (const { agent, on, off } of shifts) {
      this.#heap.push(on, { what: 'comes', agent: this.agents[agent]! })
      if (off < of.hours * 3_600) this.#heap.push(off, { what: 'goes', agent: this.agents[agent]! })
    }
  }

  fate(dial: number): Fate {
    const { answer } = this.of
    return fateOf(this.of, this.seed, dial, typeof answer === 'number' ? answer : answer(this.t, this.seed), this.t)
  }

  run(): Result {
    const { of } = this
    const end = of.hours * 3_600
    const state: Mutable<PacingState> = {
      now: 0,
      agents: this.#on,
      calls: this.calls,
      policy: { target: 0.03, connectWithinMs: of.abandonAfter * 1_000, clock: 'answer', endsAt: end * 1_000 },
      budget: this.#budget,
    }
    const { law } = of
    let tokens = 1
    let spent = 0
    const ticks = Math.floor(end / of.tick)
    for (let tick = 0; tick <= ticks; tick++) {
      const now = tick * of.tick
      while (this.#heap.next <= now) {
        this.t = this.#heap.next
        this.#happens(this.#heap.pop())
      }
      this.t = now
      state.now = now * 1_000
      if (law) {
        state.budget = this.#day.at(now)
        state.policy = pacingPolicy(law, state.budget.live)
      }
      const { leads, sees } = this.#controller
      if (leads && sees)
        state.nextLeads = Array.from({ length: sees }, (_, n) =>
          leads.chanceOf(leadOf(of, this.seed, this.dials + n, now).facts),
        )
      const began = performance.now()
      let n = this.#controller.decide(state, this)
      spent += performance.now() - began
      n = of.open && !of.open(now) ? 0 : Math.min(n, of.channels - this.#used)
      if (of.callsPerSecond < Infinity) {
        tokens = Math.min(Math.max(1, of.callsPerSecond), tokens + of.callsPerSecond * of.tick)
        n = Math.min(n, Math.floor(tokens))
        tokens -= Math.max(0, n)
      }
      for (; n > 0; n--) this.#dial()
    }
    for (const agent of this.#on) {
      this.#logged += this.t - agent.loginAt
      if (agent.state !== 'free' && agent.serves!.fate.person) this.#busy += this.t - agent.since / 1_000
    }
    return {
      occupancy: this.#busy / this.#logged,
      abandonedPercent: (100 * this.#abandoned) / Math.max(1, this.#live),
      live: this.#live,
      abandoned: this.#abandoned,
      connected: this.#connected,
      dials: this.dials,
      worstDayPercent: this.#day.worstPercent(4),
      idlePerCall: (this.#logged - this.#busy) / Math.max(1, this.#connected),
      decideUs: (spent * 1_000) / (ticks + 1),
    }
  }

  #tell(event: PacingEvent): void {
    this.#controller.onEvent?.(event)
  }

  #dial(): void {
    const fate = this.fate(this.dials)
    const at = this.t * 1_000
    const lead = leadOf(this.of, this.seed, this.dials, this.t).facts
    const pAnswer = this.#controller.leads?.chanceOf(lead)
    const id = `c${this.dials++}`
    this.#controller.leads?.dialled(id, lead, at)
    const call: SimulatedCall = {
      id,
      phase: 'dialing',
      dialledAt: at,
      phaseAt: at,
      deadline: null,
      fate,
      at: this.calls.length,
      over: false,
    }
    this.calls.push(call)
    this.#used += 1
    this.#tell({ type: 'dialled', call: id, at, ...(pAnswer !== undefined && { pAnswer }) })
    this.#heap.push(this.t + fate.ringback, { what: fate.rings > 0 ? 'rings' : 'ends', call })
  }

  #remove(call: SimulatedCall): void {
    const last = this.calls.pop()!
    if (last !== call) {
      this.calls[call.at] = last
      last.at = call.at
    }
  }

  #happens(event: Happening): void {
    if ('call' in event) this.#ofCall(event.what, event.call)
    else this.#ofAgent(event.what, event.agent)
  }

  #ofCall(what: 'rings' | 'answers' | 'detected' | 'ends' | 'late' | 'message-over', call: SimulatedCall): void {
    const { fate } = call
    const at = this.t * 1_000
    switch (what) {
      case 'rings':
        call.phase = 'ringing'
        call.phaseAt = at
        this.#tell({ type: 'ringing', call: call.id, at })
        this.#heap.push(this.t + fate.rings, { what: fate.answers ? 'answers' : 'ends', call })
        return
      case 'answers':
        call.phase = 'answered'
        call.phaseAt = at
        call.deadline = at + this.of.abandonAfter * 1_000
        this.#tell({ type: 'answered', call: call.id, at })
        this.#heap.push(this.t + fate.detect, { what: 'detected', call })
        return
      case 'detected':
        if (fate.person) {
          this.#live += 1
          this.#day.answered(this.t)
        }
        if (fate.person || fate.missed) this.#controller.leads?.over(call.id, fate.person)
        if ((fate.person && !fate.falsePositive) || fate.missed) {
          call.phase = 'waiting'
          call.phaseAt = at
          this.#budget.live += 1
          this.#tell({ type: 'human', call: call.id, at })
          let i = this.#waiting.length
          while (i > 0 && this.#waiting[i - 1]!.deadline! > call.deadline!) i--
          this.#waiting.splice(i, 0, call)
          this.#route()
          if (!call.over) this.#heap.push(call.deadline! / 1_000, { what: 'late', call })
          return
        }
        if (fate.falsePositive) this.#abandoned += 1
        this.#end(call, at)
        return
      case 'ends':
        this.#end(call, at)
        return
      case 'late':
        if (call.over) return
        call.over = true
        this.#waiting.splice(this.#waiting.indexOf(call), 1)
        this.#remove(call)
        if (fate.person) {
          this.#abandoned += 1
          this.#day.abandoned(this.t)
        }
        this.#budget.abandoned += 1
        this.#tell({ type: 'abandoned', call: call.id, at })
        this.#heap.push(this.t + this.of.message, { what: 'message-over', call })
        return
      case 'message-over':
        this.#used -= 1
    }
  }

  #end(call: SimulatedCall, at: number): void {
    if (!call.fate.person) this.#controller.leads?.over(call.id, false)
    call.over = true
    this.#remove(call)
    this.#used -= 1
    this.#tell({ type: 'ended', call: call.id, at })
  }

  #ofAgent(what: 'talk-ends' | 'wrap-ends' | 'comes' | 'goes', agent: SimulatedAgent): void {
    const at = this.t * 1_000
    const lastedMs = at - agent.since
    switch (what) {
      case 'talk-ends':
        if (agent.serves!.fate.person) this.#busy += lastedMs / 1_000
        agent.state = 'wrap'
        agent.since = at
        this.#used -= 1
        this.#tell({ type: 'talk-ended', agent: agent.id, at, lastedMs })
        this.#heap.push(agent.freeAt, { what: 'wrap-ends', agent })
        return
      case 'wrap-ends':
        if (agent.serves!.fate.person) this.#busy += lastedMs / 1_000
        this.#tell({ type: 'wrap-ended', agent: agent.id, at, lastedMs })
        agent.state = 'free'
        agent.since = at
        agent.freeAt = this.t
        agent.serves = null
        if (agent.leaving) this.#logOut(agent)
        else this.#route()
        return
      case 'comes':
        agent.leaving = false
        if (agent.loggedIn) return
        agent.loggedIn = true
        agent.loginAt = this.t
        agent.state = 'free'
        agent.since = at
        agent.freeAt = this.t
        agent.at = this.#on.length
        this.#on.push(agent)
        this.#tell({ type: 'logged-in', agent: agent.id, at })
        this.#route()
        return
      case 'goes':
        if (agent.state === 'free') this.#logOut(agent)
        else agent.leaving = true
    }
  }

  #logOut(agent: SimulatedAgent): void {
    agent.loggedIn = false
    agent.leaving = false
    agent.freeAt = Infinity
    this.#logged += this.t - agent.loginAt
    const last = this.#on.pop()!
    if (last !== agent) {
      this.#on[agent.at] = last
      last.at = agent.at
    }
    this.#tell({ type: 'logged-out', agent: agent.id, at: this.t * 1_000 })
  }

  /** The person who answered first gets the agent who is free for longest. */
  #route(): void {
    while (this.#waiting.length > 0) {
      let longest: SimulatedAgent | null = null
      for (const agent of this.#on)
        if (agent.state === 'free' && (longest === null || agent.since < longest.since)) longest = agent
      if (!longest) return
      const call = this.#waiting.shift()!
      const at = this.t * 1_000
      const { fate } = call
      call.over = true
      this.#remove(call)
      longest.state = 'talk'
      longest.since = at
      longest.serves = call
      const talk = fate.talk * longest.speed
      longest.freeAt = this.t + talk + fate.wrap * longest.speed
      if (fate.person) this.#connected += 1
      else this.#budget.live -= 1 // the agent hears a machine and says so
      this.#tell({ type: 'connected', call: call.id, agent: longest.id, at })
      this.#heap.push(this.t + talk, { what: 'talk-ends', agent: longest })
    }
  }
}
