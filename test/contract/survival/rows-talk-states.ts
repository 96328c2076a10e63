/** The rows about talks on hold, consultations and third legs, when the node that drives the calls is killed. */
import type { Told } from '../../fault/matrix.ts'
import { SPEAKS_HZ } from '../switch/freeswitch-config.ts'
import { longestGap } from './listening.ts'
import { eventually, pause, type Rig } from './rig.ts'
import { row } from './rows.ts'
import { talking, type Talk } from './rows-talking.ts'

/** Each of them costs two or three legs and a tone on both sides. */
const TALKS = 4
/** A hold within 20 ms of the bridge is silent: FreeSWITCH drops the music. */
const SETTLED_MS = 500
/** A record ends when the two are heard again for so long. */
const LISTENS_MS = 1_000
/** Longer than a node needs to take calls over. */
const AFTERWARDS_MS = 3_000

/** Nobody is hung up from now on: told when the result is called. */
function nobodyLeaves(rig: Rig, told: Told): () => void {
  const from = rig.ear.heard.length
  return () => {
    const gone = rig.ear.heard.slice(from).filter(({ name }) => name === 'CHANNEL_HANGUP')
    told.is(`${gone.length} people gone`, gone.length === 0)
  }
}

/** Both hear each other: the tone of each reaches the ear of the other, after at most this much silence. */
async function hearEachOther(rig: Rig, told: Told, talks: readonly Talk[]): Promise<void> {
  await rig.people.record(talks)
  await pause(LISTENS_MS)
  const ears = await rig.people.recorded(talks)
  const gaps = await Promise.all(ears.map(({ path, whose }) => longestGap(path, SPEAKS_HZ[whose])))
  told.is(`the longest silence in ${gaps.length} ears: ${Math.max(...gaps)} ms`, Math.max(...gaps) < LISTENS_MS / 2)
}

async function allInWrapUp(rig: Rig, told: Told, count: number): Promise<void> {
  const isSo = async () => (await rig.stores.states())['wrap-up'] === count
  await eventually('all agents are in wrap-up', 15_000, isSo).catch(() => {})
  const states = await rig.stores.states()
  told.is(`agents: ${JSON.stringify(states)}`, states['wrap-up'] === count)
}

async function allTalked(rig: Rig, told: Told, count: number): Promise<void> {
  const calls = () => rig.stores.remains()
  await eventually('all records are closed', 10_000, async () => (await calls()).every(call => call.ended)).catch(
    () => {},
  )
  const talked = (await calls()).filter(({ ended, outcome }) => ended && outcome === 'talked').length
  told.is(`${talked}/${count} records say that they talked`, talked === count)
}

row(
  5,
  'a node is killed while callers are on hold: another node ends the hold, and they talk on',
  async (rig, told) => {
    const [a] = await rig.both()
    await using supervisor = await rig.stores.supervisor()
    const talks = await talking(rig, TALKS)
    await pause(SETTLED_MS)
    const since = Date.now()
    for (const { caller } of talks) await supervisor.asks('talk.hold', { talk: caller.uuid })
    await rig.people.hear(
      talks.map(({ caller }) => caller),
      /moh\/calm/,
      since,
      5_000,
    )
    const check = nobodyLeaves(rig, told)
    rig.kill(a)
    await pause(AFTERWARDS_MS)
    for (const { caller } of talks) await supervisor.asks('talk.unhold', { talk: caller.uuid })
    await hearEachOther(rig, told, talks)
    check()
    await rig.people.hangUp(talks.map(({ agentFar }) => agentFar))
    await allInWrapUp(rig, told, TALKS)
    await allTalked(rig, told, TALKS)
  },
)

row(
  5,
  'a node is killed while agents consult colleagues: half of the transfers are completed, half of the colleagues leave',
  async (rig, told) => {
    const [a] = await rig.both()
    await using supervisor = await rig.stores.supervisor()
    await rig.stores.agents(2 * TALKS)
    const talks = await talking(rig, TALKS)
    const free = await rig.stores.agentsWho('idle')
    for (const [at, { caller }] of talks.entries())
      await supervisor.asks('talk.consult', { talk: caller.uuid, agent: free[at] })
    const consults = () => talks.every(({ agent }) => rig.people.talks().has(agent))
    await eventually('every agent talks with a colleague', 15_000, consults)
    const colleagues = talks.map(({ agent }) => rig.people.talks().get(agent)!)
    const check = nobodyLeaves(rig, told)
    rig.kill(a)
    await pause(AFTERWARDS_MS)
    check()
    const [completed, left] = [talks.slice(0, TALKS / 2), talks.slice(TALKS / 2)]
    for (const { caller } of completed) await supervisor.asks('talk.complete', { talk: caller.uuid })
    await rig.people.hangUp(colleagues.slice(TALKS / 2).map(leg => rig.people.farOfAgent(leg)!))
    const partner = (talk: Talk) => rig.people.talks().get(talk.caller.uuid)
    await eventually('every caller talks again', 15_000, () => talks.every(talk => partner(talk) !== undefined)).catch(
      () => {},
    )
    const right =
      completed.filter((talk, at) => partner(talk) === colleagues[at]).length +
      left.filter(talk => partner(talk) === talk.agent).length
    told.is(`${right}/${TALKS} callers talk with the right person`, right === TALKS)
    await rig.people.hangUp(talks.map(({ caller }) => caller.far))
    await allInWrapUp(rig, told, 2 * TALKS)
    await allTalked(rig, told, TALKS)
  },
)

row(5, 'a node is killed while supervisors listen and third people talk: all of them stay', async (rig, told) => {
  const [a] = await rig.both()
  await using supervisor = await rig.stores.supervisor()
  const talks = await talking(rig, TALKS)
  const [supervised, joined] = [talks.slice(0, TALKS / 2), talks.slice(TALKS / 2)]
  for (const [at, { caller }] of supervised.entries())
    await supervisor.asks('talk.supervise', {
      talk: caller.uuid,
      mode: 'listen',
      at: `sofia/gateway/carrier/49309${at}00`,
    })
  for (const [at, { caller }] of joined.entries())
    await supervisor.asks('talk.add', { talk: caller.uuid, to: `49308${at}00` })
  const check = nobodyLeaves(rig, told)
  rig.kill(a)
  await pause(AFTERWARDS_MS)
  check()
  for (const { caller } of supervised) await supervisor.asks('talk.supervise', { talk: caller.uuid, mode: 'whisper' })
  await hearEachOther(rig, told, talks)
  const third = rig.ear.heard.filter(({ name, to }) => name === 'CHANNEL_ANSWER' && /^4930[89]\d00$/.test(to)).length
  told.is(`${third}/${TALKS} third legs were answered`, third === TALKS)
  await rig.people.hangUp(talks.map(({ agentFar }) => agentFar))
  await allInWrapUp(rig, told, TALKS)
  await eventually('the third legs are gone', 10_000, async () => (await rig.legs(rig.ear)) === 0).catch(() => {})
  told.is('nobody is left on a line', (await rig.legs(rig.ear)) === 0)
  await allTalked(rig, told, TALKS)
})
