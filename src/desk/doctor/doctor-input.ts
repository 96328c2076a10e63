/** The input of the doctor: the settings, a function that opens the stores, and a clock. */
import type { Clock } from '../../base/clock.ts'
import type { RedisAddress } from '../../store/redis.ts'
import type { DatabaseAddress } from '../../store/sql.ts'

interface Place {
  readonly host: string
  readonly port: number
}

/** The settings that the doctor checks; Config (src/config.ts) has more. */
export interface DoctorSettings {
  readonly databaseUrl: string | null
  readonly redisUrl: string | null
  readonly demo: boolean
  readonly switches: readonly Place[]
  readonly switchPassword: string | null
  readonly listen: Place
  readonly listenAllow: readonly string[]
  readonly doorKey: string | null
  readonly scripts: string
  readonly gateway: string
  /** The sound that a caller on hold hears; absent: none. */
  readonly holdMusic?: string
}

export interface OpenedServices {
  readonly database: DatabaseAddress
  readonly redis: RedisAddress
  close(): Promise<void>
}

export interface DoctorInput<S extends DoctorSettings = DoctorSettings> {
  /** Returns the settings. Throws SettingError with every fault. */
  settings(): S
  /** Opens the stores that the settings name, else the private ones. Rejects with SwitchhookError SERVICE. */
  openServices(settings: S): Promise<OpenedServices>
  readonly clock: Clock
}
