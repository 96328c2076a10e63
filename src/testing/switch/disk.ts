/** Where the switch writes its recordings. A test breaks it to see what a flow does without them. */
import type { SimulatedSwitch } from './simulated-switch.ts'

/**
 * 'fine'; 'missing': the folder cannot be written (not mounted, read-only, no rights); 'full': no space is left. No recording can begin on
 * a disk that is not fine. One that runs already goes on, but what is said from then on is not in the file.
 */
export type DiskState = 'fine' | 'missing' | 'full'

/** Files that FreeSWITCH can write: those of libsndfile, of mod_sndfile's own and of mod_native_file. */
const FORMATS =
  /^(aiff?|au|snd|avr|caf|flac|htk|iff|mat|mpc|ogg|oga|opus|paf|pvf|raw|rf64|sd2|sds|sf|sph|nist|svx|voc|vox|w64|wav|wve|xi|r8|r16|r24|r32|gsm|ul|ulaw|al|alaw|adpcm|pcmu|pcma|g722|g729|l16|sln)$/i

export class Disk {
  readonly #sim: SimulatedSwitch
  #state: DiskState = 'fine'

  constructor(sim: SimulatedSwitch) {
    this.#sim = sim
  }

  get state(): DiskState {
    return this.#state
  }

  /** From now on, until it is said again. `sim.switch.disk.becomes('full')`, in a flow test. */
  becomes(state: DiskState): void {
    this.#state = state
    if (state === 'fine') return
    const now = this.#sim.clock.now()
    for (const channel of this.#sim.channels.values()) {
      for (const recording of channel.recordings.values()) recording.brokeAt ??= now
      channel.pulse.poke()
    }
  }

  /** Can a file be begun? A path without an extension is two files in the leg's own codec. */
  canBegin(path: string): boolean {
    const dot = path.lastIndexOf('.')
    return this.#state === 'fine' && (dot < 0 || FORMATS.test(path.slice(dot + 1)))
  }
}
