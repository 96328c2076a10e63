/** One person on the line, as a flow sees them. One line a verb and no logic: what a verb does stands in verbs/. */
import type { SwitchEvent } from '../esl/event.ts'
import type { CallContext } from './call-context.ts'
import { run } from './verbs/run.ts'
import type { Leg } from './leg.ts'
import { Playback } from './playback.ts'
import { answer } from './verbs/answer.ts'
import { detect, type DetectOptions, type Heard } from './verbs/detect.ts'
import { dial, type DialOptions, type Party } from './verbs/dial.ts'
import { gather, type GatherOptions } from './verbs/gather.ts'
import { hangup } from './verbs/hangup.ts'
import { join, type TalkEnd } from './verbs/join.ts'
import { keys } from './verbs/keys.ts'
import { menu, type Choices, type MenuOptions } from './verbs/menu.ts'
import { music } from './verbs/music.ts'
import { play, type PlayOptions, type Prompt } from './verbs/play.ts'
import { record, type Message, type RecordOptions } from './verbs/record.ts'
import { recording, type Recording } from './verbs/recording.ts'
import { build } from './verbs/say.ts'
import { transfer } from './verbs/transfer.ts'
import { getVariable, setVariable } from './verbs/variable.ts'

export class Call {
  readonly leg: Leg
  readonly context: CallContext
  protected readonly playback: Playback

  constructor(leg: Leg, context: CallContext) {
    this.leg = leg
    this.context = context
    this.playback = new Playback(leg, context.clock, context.log)
  }

  /** The name of this call everywhere: at the switch, in records and in logs. */
  get uuid(): string {
    return this.leg.uuid
  }
  /** The person: who called us, or whom we called. '' when withheld. */
  get from(): string {
    return this.leg.arrival.from
  }
  get fromName(): string {
    return this.leg.arrival.fromName
  }
  /** The number that was dialled. */
  get to(): string {
    return this.leg.arrival.to
  }
  get direction(): 'in' | 'out' {
    return this.leg.arrival.direction
  }
  /** Aborts with CallEnded when the person is gone: `fetch(url, { signal: call.signal })` stops with the call. */
  get signal(): AbortSignal {
    return this.leg.signal
  }

  answer(): Promise<void> {
    return answer(this.leg)
  }
  play(prompts: Prompt | readonly Prompt[], options?: PlayOptions): Promise<void> {
    return play(this.leg, this.playback, prompts, options)
  }
  build(what: number | string): Promise<void> {
    return build(this.leg, this.playback, what)
  }
  gather(options: GatherOptions): Promise<string | null> {
    return gather(this.leg, this.playback, options)
  }
  menu<const Choice extends string>(
    sound: string,
    choices: Choices<Choice>,
    options?: MenuOptions,
  ): Promise<Choice | null> {
    return menu(this.leg, this.playback, sound, choices, options)
  }
  music(sound: string): Promise<AsyncDisposable> {
    return music(this.leg, this.playback, sound)
  }
  record(options?: RecordOptions): Promise<Message> {
    return record(this.leg, this.playback, this.context, options)
  }
  recording(): Promise<Recording> {
    return recording(this.leg, this.context.recordingsOf(this.leg))
  }
  detect(options?: DetectOptions): Promise<Heard> {
    return detect(this.leg, this.playback, { ...this.context.settings.detect, ...options })
  }
  dial(endpoint: string, options?: DialOptions): Promise<Party> {
    return dial(this.leg, this.context, endpoint, options)
  }
  join(other: Call): Promise<TalkEnd> {
    return join(this.leg, this.playback, this.context, other)
  }
  transfer(extension: string, context?: string): Promise<void> {
    return transfer(this.leg, extension, context)
  }
  hangup(cause?: string): Promise<void> {
    return hangup(this.leg, this.playback, cause)
  }
  /** Any application of FreeSWITCH; resolves with its completion event. For what no verb does. */
  execute(app: string, argument?: string): Promise<SwitchEvent> {
    return run(this.leg, this.playback, app, argument)
  }
  /** A channel variable, or undefined when it is not set. */
  variable(name: string): Promise<string | undefined> {
    return getVariable(this.leg, name)
  }
  setVariable(name: string, value: string): Promise<void> {
    return setVariable(this.leg, name, value)
  }
  /** `using _ = call.on('key', key => …)`. */
  on(_what: 'key', listener: (key: string) => void): Disposable {
    return this.leg.steps.listen(this.leg, listener)
  }
  keys(): AsyncGenerator<string, void, undefined> {
    return keys(this.leg)
  }
}
