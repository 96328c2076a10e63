/** The disk of FreeSWITCH's recordings. A test breaks it to check a flow without recordings. */
import type { SimulatedSwitch } from './simulated-switch.ts'

/**
 * 'fine'; 'missing': the folder cannot be written (not mounted, read-only, no rights); 'full': no space is left.
 * No recording can begin on a disk that is not fine. A running recording continues, but nothing more reaches its file.
 */
export type DiskState = 'fine' | 'missing' | 'full'

/** File formats that FreeSWITCH can write: those of libsndfile, mod_sndfile's own and those of mod_native_file. */
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

  /** Sets the state from now on. In a flow test: `sim.switch.disk.becomes('full')`. */
  becomes(state: DiskState): void {
    this.#state = state
    if (state === 'fine') return
    const now = this.#sim.clock.now()
    for (const channel of this.#sim.channels.values()) {
      for (const recording of channel.recordings.values()) recording.brokeAt ??= now
      channel.pulse.poke()
    }
  }

  /** True when a file can be created. A path without an extension means two files in the leg's own codec. */
  canBegin(path: string): boolean {
    const dot = path.lastIndexOf('.')
    return this.#state === 'fine' && (dot < 0 || FORMATS.test(path.slice(dot + 1)))
  }
}
