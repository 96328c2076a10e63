/**
 * The call as a flow sees it: one person on one leg. Each member is one line without logic; the logic of a verb stands
 * in verbs/. Flows get FlowCall (flow/flow-call.ts), which adds queues and records.
 */
import type { SwitchEvent } from '../esl/event.ts'
import type { CallContext } from './call-context.ts'
import { run } from './verbs/run.ts'
import type { Leg } from './leg.ts'
import { Playback } from './playback.ts'
import { answer } from './verbs/answer.ts'
import { beep, type BeepOptions, type GreetingEnd } from './verbs/beep.ts'
import { detect, type DetectOptions, type Heard } from './verbs/detect.ts'
import type { DialOptionsOf, PartyOf } from './verbs/dial.ts'
import { dialFirst } from './verbs/dial-first.ts'
import { gather, type GatherOptions } from './verbs/gather.ts'
import { hangup } from './verbs/hangup.ts'
import { join, type TalkEnd } from './verbs/join.ts'
import { keys } from './verbs/keys.ts'
import { menu, type Choices, type MenuOptions } from './verbs/menu.ts'
import { music } from './verbs/music.ts'
import { play, type PlayOptions } from './verbs/play.ts'
import type { Prompt } from './verbs/prompts.ts'
import { record, type Message, type RecordOptions } from './verbs/record.ts'
import { recording, type Recording } from './verbs/recording.ts'
import { say } from './verbs/say.ts'
import { transfer } from './verbs/transfer.ts'
import { getVariable, setVariable } from './verbs/variable.ts'

/** Options of `call.dial`. */
export type DialOptions = DialOptionsOf<Call>
/** The result of `call.dial`. The leg ends at the end of its scope at the latest. */
export type Party = PartyOf<Call>

/**
 * One person on the line. Every verb rejects with CallEnded when this person hangs up, and fails with InputError,
 * before anything is sent to FreeSWITCH, when an argument is not allowed. When another node takes the call over, a
 * verb that waits never settles here: that node runs the flow again up to the same place.
 */
export class Call {
  /** Internal: the leg that the verbs act on. */
  readonly leg: Leg
  /** Internal: what the verbs need of the node. */
  readonly context: CallContext
  protected readonly playback: Playback

  constructor(leg: Leg, context: CallContext) {
    this.leg = leg
    this.context = context
    this.playback = new Playback(leg, context.clock, context.log)
  }

  /** The uuid of this call in FreeSWITCH, in call records and in logs. */
  get uuid(): string {
    return this.leg.uuid
  }
  /**
   * The number of this person: the caller's, or the one that was called when `direction` is 'out'. '' when withheld.
   */
  get from(): string {
    return this.leg.arrival.from
  }
  /** The caller id name. '' when there is none and when `direction` is 'out'. */
  get fromName(): string {
    return this.leg.arrival.fromName
  }
  /** The number that this person dialled; when `direction` is 'out', the caller id number that was shown to them. */
  get to(): string {
    return this.leg.arrival.to
  }
  /** 'in': this person called. 'out': Switchhook called this person. */
  get direction(): 'in' | 'out' {
    return this.leg.arrival.direction
  }
  /**
   * Aborts with CallEnded when this person hangs up.
   * @example await fetch(url, { signal: call.signal })
   */
  get signal(): AbortSignal {
    return this.leg.signal
  }

  /**
   * Answers the call. Does nothing when it is answered already. Sounds before the answer are early media: free for the
   * caller.
   */
  answer(): Promise<void> {
    return answer(this.leg)
  }
  /**
   * Plays sounds, spoken numbers and silence, one after the other; keys do not interrupt them. A key that is pressed
   * meanwhile answers no question, unless `typeAhead` is given: then the menu or gather that follows directly takes it.
   * (Sounds that belong to the question itself are prompts of the menu.) Resolves when the last one has ended, or when
   * `until` aborts. Rejects with SwitchError SOUND_MISSING when FreeSWITCH has no such sound.
   * @example await call.play(['queue/position', number(3)], { until: place.called })
   */
  play(prompts: Prompt | readonly Prompt[], options?: PlayOptions): Promise<void> {
    return play(this.leg, this.playback, prompts, options)
  }
  /**
   * Speaks a number (23 → 'twenty-three'; whole, 0 to 999 999 999) or a text of 1 to 32 digits, digit by digit ('203'
   * → 'two zero three'). A key that is pressed meanwhile answers no question. Resolves when it was spoken.
   */
  say(what: number | string): Promise<void> {
    return say(this.leg, this.playback, what)
  }
  /**
   * Plays one or more sounds and collects digits: 3 tries, 5 s for the first key, 3 s between keys, # ends the answer,
   * unless `options` differ. A key during any of the sounds ends them and is the first digit. Keys from before, which
   * were pressed while something else played, do not count (but see `typeAhead` of play). Resolves with the digits, or
   * with null when no try brought a valid answer. Rejects with SwitchError SOUND_MISSING.
   * @example const pin = await call.gather({ digits: [4, 6], prompt: 'ivr/pin' })
   */
  gather(options: GatherOptions): Promise<string | null> {
    return gather(this.leg, this.playback, options)
  }
  /**
   * Plays one or more sounds and waits for one of the keys: 3 tries, 5 s for each, unless `options` differ. A key
   * during any of the sounds counts at once and ends them. Keys from before, which were pressed while something else
   * played, do not count (but see `typeAhead` of play). Resolves with the word of the key, or
   * with null when no try brought a valid key. Rejects with SwitchError SOUND_MISSING.
   * @example const choice = await call.menu(['ivr/welcome', 'ivr/choices'], { 1: 'sales', 2: 'support' })
   */
  menu<const Choice extends string>(
    prompt: Prompt | readonly Prompt[],
    choices: Choices<Choice>,
    options?: MenuOptions,
  ): Promise<Choice | null> {
    return menu(this.leg, this.playback, prompt, choices, options)
  }
  /**
   * Plays a sound over and over until its scope ends; it pauses while another verb plays or listens. Resolves at once.
   * A sound that FreeSWITCH does not have is logged, and the caller waits in silence.
   * @example await using _music = await call.music('moh/calm')
   */
  music(sound: string): Promise<AsyncDisposable> {
    return music(this.leg, this.playback, sound)
  }
  /**
   * Records a message of this person until a key, 5 s of silence or 2 min (`limit`). Resolves with the path on the
   * FreeSWITCH machine and the length in milliseconds. On CallEnded, what was said before stays in the file. Rejects
   * with SwitchError SWITCH_REFUSED when FreeSWITCH cannot write the file.
   */
  record(options?: RecordOptions): Promise<Message> {
    return record(this.leg, this.playback, this.context, options)
  }
  /**
   * Records the call until its scope ends, over joins and returns, in one file with two channels. Resolves when the
   * recording has begun. The record of a flow's call gets the path. Rejects with SwitchError SWITCH_REFUSED when
   * FreeSWITCH cannot write the file; a flow may catch it and go on.
   * @example await using tape = await call.recording() // tape.pause() while a card number is said
   */
  recording(): Promise<Recording> {
    return recording(this.leg, this.context.recordingsOf(this.leg))
  }
  /**
   * Listens whether a person or a machine has answered. Resolves with 'person', 'machine' or 'silence'. Thresholds that
   * `options` do not give come from the AMD_… settings.
   */
  detect(options?: DetectOptions): Promise<Heard> {
    return detect(this.leg, this.playback, { ...this.context.settings.detect, ...options })
  }
  /**
   * Waits until the greeting of an answering machine is over: a beep and 1 s of silence ('beep'), or 2 s of silence
   * ('silence'). Resolves with 'limit' when it goes on for longer than `within`, 40 s unless given. Call it after
   * detect() has heard a machine. Rejects with InputError for times or tones that are not allowed.
   * @example if ((await call.beep({ within: '30s' })) !== 'limit') await call.play('campaign/voicemail')
   */
  beep(options?: BeepOptions): Promise<GreetingEnd> {
    return beep(this.leg, this.playback, options)
  }
  /**
   * Dials a telephone number, or an endpoint such as user/1001; several ring at once, and the first who accepts wins.
   * Resolves when the other person has answered (and `before` has agreed), with `leg` and outcome 'answered', or
   * without `leg` and with the reason. The leg ends with the scope of the result at the latest. Rejects with
   * SwitchError LINK_DOWN when it is not known which FreeSWITCH this call is on.
   * @example await using party = await call.dial('user/1001', { ringFor: '20s' })
   */
  dial(to: string | readonly string[], options?: DialOptions): Promise<Party> {
    return dialFirst(this.leg, this.context, [to].flat(), other => new Call(other, this.context), options)
  }
  /**
   * Lets this person talk with the other one. Resolves when the talk is over and this person is still on the line:
   * 'talked', or 'left' when the other leg had ended before the talk began.
   * @example return await call.join(party.leg) // without `await` the scopes would end before the talk
   */
  join(other: Call): Promise<TalkEnd> {
    return join(this.leg, this.playback, this.context, other.leg)
  }
  /**
   * Sends the call to an extension of FreeSWITCH's dialplan; `context` is 'default' unless given. The call is not
   * Switchhook's after that: every later verb rejects with CallEnded (hangupCause 'TRANSFERRED'). Rejects with
   * SwitchError SWITCH_REFUSED.
   */
  transfer(extension: string, context?: string): Promise<void> {
    return transfer(this.leg, extension, context)
  }
  /**
   * Hangs up; `cause` is a hang-up cause of FreeSWITCH, NORMAL_CLEARING by default. Resolves when FreeSWITCH has hung
   * up. The flow goes on, but every later verb rejects with CallEnded.
   */
  hangup(cause?: string): Promise<void> {
    return hangup(this.leg, this.playback, cause)
  }
  /**
   * Runs any application of FreeSWITCH, for what no verb does. Resolves with its CHANNEL_EXECUTE_COMPLETE event.
   * Rejects with SwitchError APP_UNKNOWN when FreeSWITCH does not know it (FreeSWITCH then hangs the call up). Runs
   * again after a takeover.
   * @example await call.execute('sleep', '500')
   */
  execute(app: string, argument?: string): Promise<SwitchEvent> {
    return run(this.leg, this.playback, app, argument)
  }
  /** Resolves with the value of a channel variable now; undefined when it is not set or empty. */
  variable(name: string): Promise<string | undefined> {
    return getVariable(this.leg, name)
  }
  /**
   * Sets a channel variable at once, also while a sound plays. InputError for a name whose value FreeSWITCH would run,
   * for one that Switchhook uses itself, and for a value that is not 0 to 512 letters, digits and _ . : @ + / = -
   */
  setVariable(name: string, value: string): Promise<void> {
    return setVariable(this.leg, name, value)
  }
  /**
   * Calls `listener` for each key (0 to 9, *, #) until the result is disposed. What it throws is logged, and the call
   * goes on.
   * @example using _keys = call.on('key', key => pressed.push(key))
   */
  on(_what: 'key', listener: (key: string) => void): Disposable {
    return this.leg.steps.listen(this.leg, listener)
  }
  /**
   * Every key in order, also those that were pressed while the loop was busy. Rejects with CallEnded when this person
   * hangs up.
   * @example for await (const key of call.keys()) if (key === '#') break
   */
  keys(): AsyncGenerator<string, void, undefined> {
    return keys(this.leg)
  }
}
